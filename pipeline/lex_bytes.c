/* lex_bytes.c - the table of byte classes */
#include "pipeline/lex_bytes.h"

#define B LEX_BLANK
#define S LEX_SPLIT
#define D LEX_DIGIT
#define L LEX_LETTER
#define H (LEX_LETTER | LEX_HEX)
#define O LEX_OTHER
#define P LEX_DEEP
#define DOT LEX_DOT
#define L16 L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L

/* rows of 16 bytes: controls (2), then blank to slash, 0 to ?, @ to O, P to _, ` to o,
 * p to DEL, and eight of letters above ASCII. The letters are read twice: as classes,
 * and as counters. */
/* clang-format off */
#define LEX_TABLE \
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, \
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, \
	B, O, S, O, O, O, O, S, S, S, O, O, S, O, DOT, P, \
	D, D, D, D, D, D, D, D, D, D, S, S, S, S, S, O, \
	P, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L, \
	L, L, L, L, L, L, L, L, L, L, L, S, P, S, O, O, \
	S, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L, \
	L, L, L, L, L, L, L, L, L, L, L, S, S, S, O, B, \
	L16, L16, L16, L16, L16, L16, L16, L16,
/* clang-format on */

const uint8_t lex_classes[256] = { LEX_TABLE };

#undef B
#undef S
#undef D
#undef L
#undef H
#undef O
#undef P
#undef DOT
#define B 0
#define S 0
#define D ((uint64_t)1)
#define L ((uint64_t)1 << 16)
#define H ((uint64_t)1 << 16 | (uint64_t)1 << 24)
#define DOT ((uint64_t)1 << 32)
#define P ((uint64_t)1 << 40)
#define O ((uint64_t)1 << 48)

const uint64_t lex_counts[256] = { LEX_TABLE };
