/* rules_atom.c - cuts a regular expression into atoms */
#include "pipeline/rules_atom.h"

#include <stddef.h>

static struct atom atom_of(enum atom_kind kind, struct slice s, size_t len)
{
	return (struct atom){ kind, slice_head(s, len) };
}

static int hex_value(char c)
{
	if (rules_is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char rules_hex_byte(struct slice s)
{
	return (char)(hex_value(s.ptr[0]) * 16 + hex_value(s.ptr[1]));
}

static struct atom next_escape(struct slice s)
{
	char c = rules_byte_at(s, 1);

	if (s.len > 3 && c == 'x' && hex_value(s.ptr[2]) >= 0 &&
	    hex_value(s.ptr[3]) >= 0) {
		char byte = rules_hex_byte(slice_from(s, 2));

		return atom_of(rules_is_digit(byte) ? ATOM_DIGIT : ATOM_LETTER, s, 4);
	}
	switch (c) {
	case 'd':
		return atom_of(ATOM_DIGIT, s, 2);
	case 'w':
	case 'S':
	case 'W':
	case 'D':
		return atom_of(ATOM_WIDE, s, 2);
	case 's':
	case 't':
	case 'n':
	case 'r':
		return atom_of(ATOM_LETTER, s, 2);
	case 'b':
	case 'B':
		return atom_of(ATOM_GROUP, s, 2);
	default:
		if (c == '\0' || rules_is_word(c))
			return atom_of(ATOM_UNKNOWN, s, s.len);
		return atom_of(ATOM_LETTER, s, 2);
	}
}

/* [...] up to the bracket that ends it */
static struct atom next_class(struct slice s)
{
	bool digits = false;
	bool others = false;
	size_t at = 1;

	if (s.len > 1 && s.ptr[1] == '^')
		others = digits = true;
	at += digits;
	if (rules_byte_at(s, at) == ']')
		return atom_of(ATOM_UNKNOWN, s, s.len); /* stands for itself here */
	for (; at < s.len && s.ptr[at] != ']'; at++) {
		if (s.ptr[at] == '[')
			return atom_of(ATOM_UNKNOWN, s, s.len); /* [:alpha:] */
		if (s.ptr[at] == '\\') {
			struct atom inner = next_escape(slice_from(s, at));

			if (inner.kind == ATOM_UNKNOWN)
				return inner;
			digits |= inner.kind != ATOM_LETTER;
			others |= inner.kind != ATOM_DIGIT;
			at += inner.text.len - 1;
		} else if (s.ptr[at] == '-' && at > 1 && at + 1 < s.len &&
			   s.ptr[at + 1] != ']') {
			/* a range between unlike ends may span the digits */
			bool alike = rules_is_digit(s.ptr[at - 1]) ==
					     rules_is_digit(s.ptr[at + 1]) &&
				     rules_is_letter(s.ptr[at - 1]) ==
					     rules_is_letter(s.ptr[at + 1]);
			bool signs = !rules_is_word(s.ptr[at - 1]);

			digits |= !alike || signs;
			others |= !alike || signs;
		} else {
			digits |= rules_is_digit(s.ptr[at]);
			others |= !rules_is_digit(s.ptr[at]);
		}
	}
	if (at >= s.len)
		return atom_of(ATOM_UNKNOWN, s, s.len);
	if (digits && others)
		return atom_of(ATOM_WIDE, s, at + 1);
	return atom_of(digits ? ATOM_DIGIT : ATOM_LETTER, s, at + 1);
}

static struct atom next_repeat(struct slice s)
{
	size_t at = 1;

	if (s.ptr[0] == '{') {
		while (at < s.len && (rules_is_digit(s.ptr[at]) || s.ptr[at] == ','))
			at++;
		if (at == 1 || at >= s.len || s.ptr[at] != '}')
			return atom_of(ATOM_UNKNOWN, s, s.len);
		at++;
	}
	if (at < s.len && s.ptr[at] == '?')
		at++;
	return atom_of(ATOM_REPEAT, s, at);
}

struct atom rules_atom_next(struct slice s)
{
	if (s.len == 0)
		return atom_of(ATOM_END, s, 0);
	switch (s.ptr[0]) {
	case '\\':
		return next_escape(s);
	case '[':
		return next_class(s);
	case '*':
	case '+':
	case '?':
	case '{':
		return next_repeat(s);
	case '.':
		return atom_of(ATOM_WIDE, s, 1);
	case '(':
		if (s.len > 1 && s.ptr[1] == '?') {
			if (s.len > 2 && s.ptr[2] == ':')
				return atom_of(ATOM_GROUP, s, 3);
			return atom_of(ATOM_UNKNOWN, s, s.len);
		}
		return atom_of(ATOM_GROUP, s, 1);
	case ')':
	case '|':
	case '^':
	case '$':
		return atom_of(ATOM_GROUP, s, 1);
	default:
		return atom_of(rules_is_digit(s.ptr[0]) ? ATOM_DIGIT : ATOM_LETTER, s,
			       1);
	}
}
