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

static inline uint8_t lex_class(char c)
{
	return lex_classes[(unsigned char)c];
}

static inline bool lex_is(char c, unsigned classes)
{
	return (lex_class(c) & classes) != 0;
}

#endif
