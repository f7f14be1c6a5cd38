/* lex_bytes.h - the class of every byte, for the lexer and its helpers */
#ifndef SIFTD_PIPELINE_LEX_BYTES_H
#define SIFTD_PIPELINE_LEX_BYTES_H

#include <stdbool.h>
#include <stdint.h>

enum lex_class {
	LEX_BLANK = 1, /* and all control bytes */
	LEX_SPLIT = 2, /* ends a token inside a field */
	LEX_DIGIT = 4,
	LEX_HEX = 8,     /* a-f, A-F; letters as well */
	LEX_LETTER = 16, /* and all bytes above ASCII */
	LEX_DOT = 32,
	LEX_DEEP = 64,  /* / \ @ */
	LEX_OTHER = 128 /* - _ + # and the rest */
};

extern const uint8_t lex_classes[256];

/* Counters of a token in one word, a byte each, so that one addition counts a byte in
 * every class it has; 0: the byte ends the token.
 *
 *	0 digits, 1 runs of digits, 2 letters, 3 hex letters, 4 dots, 5 deep, 6 other
 */
#define LEX_COUNT_DIGIT ((uint64_t)1)
#define LEX_COUNT_RUN ((uint64_t)1 << 8)
#define LEX_COUNT_MAX 255
extern const uint64_t lex_counts[256];

static inline unsigned lex_count(uint64_t counts, unsigned counter)
{
	return counts >> (8 * counter) & 0xff;
}

static inline uint8_t lex_class(char c)
{
	return lex_classes[(unsigned char)c];
}

static inline bool lex_is(char c, unsigned classes)
{
	return (lex_class(c) & classes) != 0;
}

#endif
