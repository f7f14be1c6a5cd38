/* lexer.h - cuts a line of text into tokens
 *
 * Threads: any. Pure: one pass, no memory.
 * Limits: TOKENS_MAX, by fold.h.
 */
#ifndef SIFTD_PIPELINE_LEXER_H
#define SIFTD_PIPELINE_LEXER_H

#include "pipeline/normalize.h"

/* appends the tokens of text[begin, end), text being tokens->text */
void lexer_run(struct tokens *tokens, size_t begin, size_t end);

#endif
