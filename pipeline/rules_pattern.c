/* rules_pattern.c - from words to expressions, and what an expression can match
 *
 * A template says what is constant in the messages of its events, and has placeholders
 * for the rest. Three questions decide whether judging the template is enough:
 *
 * - Can only constant text satisfy the expression? It can when no part of it matches a
 *   digit and none matches "anything" (pattern_is_constant).
 * - If digits are needed: would it match if every placeholder were a fitting number?
 *   pattern_relax turns each digit part into "any number" and drops minimum counts, so
 *   that the relaxed expression matches the template, placeholders written as 0,
 *   whenever the original could match an event of it.
 * - Could a placeholder hold letters? That depends on the template, see rules_match.c.
 */
#include <stddef.h>

#include "base/buf.h"
#include "pipeline/rules_set.h"

/* an atom of the expression language, as far as it is understood here */
enum atom_kind {
	ATOM_END,
	ATOM_LETTER, /* itself, or an escape or class that matches no digit */
	ATOM_DIGIT,  /* only digits */
	ATOM_WIDE,   /* digits and other bytes: . \w \S [^x] [a-z0-9] */
	ATOM_GROUP,  /* ( (?: ) | ^ $ \b \B */
	ATOM_REPEAT, /* * + ? {n,m} and a trailing ? or + */
	ATOM_UNKNOWN
};

struct atom {
	enum atom_kind kind;
	struct slice text;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
	return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* NUL past the end */
static char byte_at(struct slice s, size_t at)
{
	if (at >= s.len)
		return '\0';
	return s.ptr[at];
}

struct slice pattern_of_words(struct arena *arena, struct slice words)
{
	struct buf buf = { 0 };
	struct slice text = slice_trim(words);
	struct slice copy = { 0 };

	if (text.len > 0 && is_word(text.ptr[0]))
		buf_append_str(&buf, "\\b");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (is_blank(c)) {
			if (!is_blank(text.ptr[i - 1])) /* trimmed: i > 0 */
				buf_append_str(&buf, "[\\s_-]+");
		} else if (is_word(c)) {
			buf_append_char(&buf, c);
		} else {
			buf_printf(&buf, "\\x%02x", (unsigned char)c);
		}
	}
	if (text.len > 0 && is_word(text.ptr[text.len - 1]))
		buf_append_str(&buf, "\\b");
	copy = arena_dup(arena, buf_slice(&buf));
	buf_deinit(&buf);
	return copy;
}

static struct atom atom_of(enum atom_kind kind, struct slice s, size_t len)
{
	return (struct atom){ kind, slice_head(s, len) };
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* of two hexadecimal digits */
static char hex_byte(struct slice s)
{
	return (char)(hex_value(s.ptr[0]) * 16 + hex_value(s.ptr[1]));
}

static struct atom next_escape(struct slice s)
{
	char c = byte_at(s, 1);

	if (s.len > 3 && c == 'x' && hex_value(s.ptr[2]) >= 0 &&
	    hex_value(s.ptr[3]) >= 0) {
		char byte = hex_byte(slice_from(s, 2));

		return atom_of(is_digit(byte) ? ATOM_DIGIT : ATOM_LETTER, s, 4);
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
		if (c == '\0' || is_word(c))
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
	if (byte_at(s, at) == ']')
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
			bool alike =
				is_digit(s.ptr[at - 1]) == is_digit(s.ptr[at + 1]) &&
				is_letter(s.ptr[at - 1]) == is_letter(s.ptr[at + 1]);
			bool signs = !is_word(s.ptr[at - 1]);

			digits |= !alike || signs;
			others |= !alike || signs;
		} else {
			digits |= is_digit(s.ptr[at]);
			others |= !is_digit(s.ptr[at]);
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
		while (at < s.len && (is_digit(s.ptr[at]) || s.ptr[at] == ','))
			at++;
		if (at == 1 || at >= s.len || s.ptr[at] != '}')
			return atom_of(ATOM_UNKNOWN, s, s.len);
		at++;
	}
	if (at < s.len && s.ptr[at] == '?')
		at++;
	return atom_of(ATOM_REPEAT, s, at);
}

static struct atom next_atom(struct slice s)
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
		return atom_of(is_digit(s.ptr[0]) ? ATOM_DIGIT : ATOM_LETTER, s, 1);
	}
}

bool pattern_is_constant(struct slice expression)
{
	for (;;) {
		struct atom atom = next_atom(expression);

		if (atom.kind == ATOM_END)
			return true;
		if (atom.kind == ATOM_DIGIT || atom.kind == ATOM_WIDE ||
		    atom.kind == ATOM_UNKNOWN)
			return false;
		expression = slice_from(expression, atom.text.len);
	}
}

/* {n,m} without its minimum */
static void append_repeat(struct buf *buf, struct slice repeat)
{
	const char *comma = memchr(repeat.ptr, ',', repeat.len);

	if (repeat.ptr[0] != '{') {
		buf_append_slice(buf, repeat);
		return;
	}
	buf_append_str(buf, "{0,");
	buf_append_slice(buf, comma == NULL ? slice_from(repeat, 1)
					    : slice_from(repeat, (size_t)(comma + 1 -
									  repeat.ptr)));
}

/* the digit atoms at the start, with their repeats and the signs between them;
 * *optional: they may be absent */
static size_t number_len(struct slice s, bool *optional)
{
	size_t len = 0;
	size_t at = 0;

	*optional = true;
	for (;;) {
		struct atom atom = next_atom(slice_from(s, at));
		char last = byte_at(atom.text, atom.text.len - 1);
		bool digit = atom.kind == ATOM_DIGIT;
		bool sign = len > 0 && atom.kind == ATOM_LETTER && atom.text.len <= 2 &&
			    (last == '.' || last == ':' || last == '-');

		if (!digit && !sign)
			return len;
		at += atom.text.len;
		atom = next_atom(slice_from(s, at));
		if (atom.kind == ATOM_REPEAT)
			at += atom.text.len;
		if (digit && (atom.kind != ATOM_REPEAT || atom.text.ptr[0] == '+'))
			*optional = false;
		if (digit)
			len = at;
	}
}

/* what pattern_relax has seen; two numbers that one placeholder could hold together
 * are beyond it, so a branch may have one */
struct relaxer {
	struct buf buf;
	bool after_letter;
	bool after_number;
	bool branch_has_number;
	bool earlier_branch_has_number;
};

static bool relax_number(struct relaxer *relaxer, struct atom *atom, struct slice rest)
{
	bool optional = false;

	if (relaxer->after_letter || relaxer->branch_has_number)
		return false;
	atom->text = slice_head(rest, number_len(rest, &optional));
	buf_append_str(&relaxer->buf,
		       optional ? "(?:\\d[\\d.:,-]*)?" : "(?:\\d[\\d.:,-]*)");
	relaxer->after_letter = false;
	relaxer->after_number = true;
	relaxer->branch_has_number = true;
	return true;
}

/* whether the atom may match a letter; what it cannot tell counts as one */
static bool has_letter(struct atom atom)
{
	char c = byte_at(atom.text, 0);

	if (atom.kind != ATOM_LETTER)
		return false;
	if (c == '\\' && byte_at(atom.text, 1) == 'x')
		return is_letter(hex_byte(slice_from(atom.text, 2)));
	if (c == '\\')
		return false; /* \s and the like, or a sign */
	for (size_t i = 0; i < atom.text.len; i++) {
		if (byte_at(atom.text, i) == '\\')
			i += byte_at(atom.text, i + 1) != 'x';
		else if (is_letter(byte_at(atom.text, i)))
			return true;
	}
	return false;
}

/* false when the atom is beyond it */
static bool relax_atom(struct relaxer *relaxer, struct atom *atom, struct slice rest)
{
	char c = byte_at(atom->text, 0);
	bool letter = has_letter(*atom);

	if (atom->kind == ATOM_UNKNOWN)
		return false;
	if (atom->kind == ATOM_DIGIT)
		return relax_number(relaxer, atom, rest);
	/* "30s" may be one placeholder */
	if (letter && relaxer->after_number)
		return false;
	if (c == '|') {
		relaxer->earlier_branch_has_number |= relaxer->branch_has_number;
		relaxer->branch_has_number = false;
	} else if (c == ')') {
		relaxer->branch_has_number |= relaxer->earlier_branch_has_number;
	}
	/* a repeat or bracket changes nothing about what stands before it */
	if (atom->kind != ATOM_REPEAT && c != '(' && c != ')') {
		relaxer->after_letter = letter;
		relaxer->after_number = false;
	}
	if (atom->kind == ATOM_REPEAT)
		append_repeat(&relaxer->buf, atom->text);
	else
		buf_append_slice(&relaxer->buf, atom->text);
	return true;
}

struct slice pattern_relax(struct arena *arena, struct slice expression)
{
	struct relaxer relaxer = { 0 };
	struct slice result = { 0 };
	struct slice rest = expression;
	struct atom atom = next_atom(rest);

	while (atom.kind != ATOM_END && relax_atom(&relaxer, &atom, rest)) {
		rest = slice_from(rest, atom.text.len);
		atom = next_atom(rest);
	}
	if (atom.kind == ATOM_END)
		result = arena_dup(arena, buf_slice(&relaxer.buf));
	buf_deinit(&relaxer.buf);
	return result;
}
