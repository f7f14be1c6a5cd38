/* block_words.h - the filter that tells which blocks cannot hold a searched text
 *
 * Threads: a block_words belongs to one thread. Pure.
 * Owner: the caller of block_words_new frees with block_words_free.
 * Limits: a filter has 2^BLOCK_WORDS_LOG2_MIN to 2^BLOCK_WORDS_LOG2_MAX bits.
 */
#ifndef SIFTD_PIPELINE_BLOCK_WORDS_H
#define SIFTD_PIPELINE_BLOCK_WORDS_H

#include "base/buf.h"
#include "base/slice.h"

#define BLOCK_WORDS_LOG2_MAX 17
#define BLOCK_WORDS_LOG2_MIN 10
#define BLOCK_WORDS_VERSION 1

struct block_words;

struct block_words *block_words_new(void);
void block_words_free(struct block_words **words);
/* takes in all substrings of the text */
void block_words_add(struct block_words *words, struct slice text);
/* takes in those substrings of three bytes that reach over a border, or lie between
 * both: begin and end are places in the text */
void block_words_add_around(struct block_words *words, struct slice text, size_t begin,
			    size_t end);
/* appends the filter of what was added, and forgets it */
void block_words_take(struct block_words *words, struct buf *out);

#endif
