/* rules_pattern.c - from words to expressions, and what an expression can match
 *
 * A template says what is constant in the messages of its events, and has placeholders
 * for the rest. Four questions decide whether judging the template is enough:
 *
 * - Can only constant text satisfy the expression? It can when no part of it matches a
 *   digit and none matches "anything" (pattern_is_constant).
 * - If digits are needed: would it match if every placeholder were a fitting number?
 *   pattern_relax turns each digit part into "any number" and drops minimum counts, so
 *   that the relaxed expression matches the template, placeholders written as 0,
 *   whenever the original could match an event of it.
 * - Does the value of a digit matter? Where an expression takes all digits or none,
 *   wherever it takes one, texts that differ in the values of their digits are alike to
 *   it (pattern_widen makes any expression so).
 * - Could a placeholder hold letters? That depends on the template, see rules_match.c.
 */
#include <stddef.h>

#include "base/buf.h"
#include "pipeline/rules_atom.h"
#include "pipeline/rules_set.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

struct slice pattern_of_words(struct arena *arena, struct slice words)
{
	struct buf buf = { 0 };
	struct slice text = slice_trim(words);
	struct slice copy = { 0 };

	if (text.len > 0 && rules_is_word(text.ptr[0]))
		buf_append_str(&buf, "\\b");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (is_blank(c)) {
			if (!is_blank(text.ptr[i - 1])) /* trimmed: i > 0 */
				buf_append_str(&buf, "[\\s_-]+");
		} else if (rules_is_word(c)) {
			buf_append_char(&buf, c);
		} else {
			buf_printf(&buf, "\\x%02x", (unsigned char)c);
		}
	}
	if (text.len > 0 && rules_is_word(text.ptr[text.len - 1]))
		buf_append_str(&buf, "\\b");
	copy = arena_dup(arena, buf_slice(&buf));
	buf_deinit(&buf);
	return copy;
}

bool pattern_is_constant(struct slice expression)
{
	for (;;) {
		struct atom atom = rules_atom_next(expression);

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
		struct atom atom = rules_atom_next(slice_from(s, at));
		char last = rules_byte_at(atom.text, atom.text.len - 1);
		bool digit = atom.kind == ATOM_DIGIT;
		bool sign = len > 0 && atom.kind == ATOM_LETTER && atom.text.len <= 2 &&
			    (last == '.' || last == ':' || last == '-');

		if (!digit && !sign)
			return len;
		at += atom.text.len;
		atom = rules_atom_next(slice_from(s, at));
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
	char c = rules_byte_at(atom.text, 0);

	if (atom.kind != ATOM_LETTER)
		return false;
	if (c == '\\' && rules_byte_at(atom.text, 1) == 'x')
		return rules_is_letter(rules_hex_byte(slice_from(atom.text, 2)));
	if (c == '\\')
		return false; /* \s and the like, or a sign */
	for (size_t i = 0; i < atom.text.len; i++) {
		if (rules_byte_at(atom.text, i) == '\\')
			i += rules_byte_at(atom.text, i + 1) != 'x';
		else if (rules_is_letter(rules_byte_at(atom.text, i)))
			return true;
	}
	return false;
}

/* false when the atom is beyond it */
static bool relax_atom(struct relaxer *relaxer, struct atom *atom, struct slice rest)
{
	char c = rules_byte_at(atom->text, 0);
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
	struct atom atom = rules_atom_next(rest);

	while (atom.kind != ATOM_END && relax_atom(&relaxer, &atom, rest)) {
		rest = slice_from(rest, atom.text.len);
		atom = rules_atom_next(rest);
	}
	if (atom.kind == ATOM_END)
		result = arena_dup(arena, buf_slice(&relaxer.buf));
	buf_deinit(&relaxer.buf);
	return result;
}

/* a class is the same for all digits when it names none - a range without a digit at
 * its ends spans all ten or none - or all of them */
static bool class_is_even(struct slice class)
{
	bool digits = false;

	for (size_t i = 1; i < class.len; i++) {
		char c = class.ptr[i];

		if (c == '\\') {
			c = rules_byte_at(class, ++i);
			if (c == 'd' || c == 'w')
				return true;
			digits |= c == 'x'; /* may be one */
		} else if (slice_starts_with(slice_from(class, i), SLICE("0-9")) &&
			   class.ptr[i - 1] != '-') {
			return true;
		}
		digits |= rules_is_digit(c);
	}
	return !digits;
}

static void widen_class(struct buf *buf, struct slice class)
{
	if (class_is_even(class)) {
		buf_append_slice(buf, class);
	} else if (rules_byte_at(class, 1) == '^') {
		buf_append_str(buf, "(?s:.)");
	} else {
		buf_append_str(buf, "[0-9");
		buf_append_slice(buf, slice_from(class, 1));
	}
}

struct slice pattern_widen(struct arena *arena, struct slice expression)
{
	struct buf buf = { 0 };
	struct slice result = { 0 };
	struct slice rest = expression;
	struct atom atom = rules_atom_next(rest);

	while (atom.kind != ATOM_END && atom.kind != ATOM_UNKNOWN) {
		if (atom.text.ptr[0] == '[')
			widen_class(&buf, atom.text);
		else if (atom.kind == ATOM_DIGIT)
			buf_append_str(&buf, "\\d");
		else
			buf_append_slice(&buf, atom.text);
		rest = slice_from(rest, atom.text.len);
		atom = rules_atom_next(rest);
	}
	if (atom.kind == ATOM_END)
		result = arena_dup(arena, buf_slice(&buf));
	buf_deinit(&buf);
	return result;
}
