/* span.h - what the bytes of one token say about its class
 *
 * Threads: any; pure.
 * Limits: a span of more than LEX_COUNT_MAX bytes is not counted but taken for a path,
 * or for a rule when it has neither letter nor digit.
 */
#ifndef SIFTD_PIPELINE_SPAN_H
#define SIFTD_PIPELINE_SPAN_H

#include "pipeline/normalize.h"

/* what one scan over a token counts */
struct span {
	size_t begin;
	size_t end;
	unsigned digits;
	unsigned letters;
	unsigned hex; /* of the letters */
	unsigned runs;
	unsigned dots;
	unsigned deep;
	unsigned other;
};

/* counts from `at` to the next blank or split; span->begin is the caller's */
void span_scan(const char *text, size_t at, size_t end, struct span *span);
/* without punctuation at both ends; the span has a letter or a digit */
void span_trim(const char *text, struct span *span);
/* eight and more hex letters are a number */
bool span_is_hex_word(const char *text, size_t begin, size_t end);
/* class, type and digit run; begin and end are the caller's */
void span_classify(const char *text, const struct span *span, struct token *token);

#endif
