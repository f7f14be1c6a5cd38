/* rules_atom.h - the parts of a regular expression, as far as they are understood here
 *
 * Threads: any; pure. For rules_*.c only. Owner: an atom borrows from the expression.
 * Limits: what is beyond it is one ATOM_UNKNOWN up to the end.
 */
#ifndef SIFTD_PIPELINE_RULES_ATOM_H
#define SIFTD_PIPELINE_RULES_ATOM_H

#include <stdbool.h>

#include "base/slice.h"

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

/* the one at the start of an expression */
struct atom rules_atom_next(struct slice s);
/* of two hexadecimal digits */
char rules_hex_byte(struct slice s);

static inline bool rules_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool rules_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool rules_is_word(char c)
{
	return rules_is_letter(c) || rules_is_digit(c) || c == '_';
}

/* NUL past the end */
static inline char rules_byte_at(struct slice s, size_t at)
{
	if (at >= s.len)
		return '\0';
	return s.ptr[at];
}

#endif
