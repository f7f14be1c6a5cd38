/* bytes.h - the class of every byte, for the lexer and its helpers */
#ifndef SIFTD_PIPELINE_BYTES_H
#define SIFTD_PIPELINE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

enum byte_class {
	BYTE_BLANK = 1, /* and all control bytes */
	BYTE_SPLIT = 2, /* ends a token inside a field */
	BYTE_DIGIT = 4,
	BYTE_HEX = 8,     /* a-f, A-F; letters as well */
	BYTE_LETTER = 16, /* and all bytes above ASCII */
	BYTE_DOT = 32,
	BYTE_DEEP = 64,  /* / \ @ */
	BYTE_OTHER = 128 /* - _ + # and the rest */
};

extern const uint8_t byte_classes[256];

static inline uint8_t byte_class(char c)
{
	return byte_classes[(unsigned char)c];
}

static inline bool byte_is(char c, unsigned classes)
{
	return (byte_class(c) & classes) != 0;
}

#endif
