/* block_delta.h - texts as their difference from texts like them
 *
 * Threads: one owner at a time. Pure. For pipeline/block_*.c only.
 * Owner: block_delta_deinit frees what the writer filled; a source borrows.
 * Limits: a text and the one like it are of BLOCK_EVENT_BYTES_MAX bytes at most; the
 *         reader trusts no byte. Format: docs/block-format.md, "Body".
 */
#ifndef SIFTD_PIPELINE_BLOCK_DELTA_H
#define SIFTD_PIPELINE_BLOCK_DELTA_H

#include "base/buf.h"
#include "base/compiler.h"
#include "pipeline/block_words.h"

/* bytes behind what is read or written that must be there, whatever they hold */
#define BLOCK_DELTA_SLACK 16

/* what texts are stored as */
struct block_delta {
	struct buf steps; /* numbers: copy so many bytes, take so many, pass over ... */
	struct buf fresh; /* the bytes to be taken */
};

/* what is still unread of them; BLOCK_DELTA_SLACK bytes behind fresh must be there */
struct block_delta_source {
	struct slice steps;
	struct slice fresh;
};

void block_delta_deinit(struct block_delta *delta);
void block_delta_clear(struct block_delta *delta);
/* like: a text that stays at hand for the reader, or one of ptr NULL. words may be
 * NULL; else it takes in all substrings of the text that like does not have. */
void block_delta_put(struct block_delta *delta, struct slice text, struct slice like,
		     struct block_words *words);
/* the next text, of len bytes; BLOCK_DELTA_SLACK bytes behind out + len, and behind
 * like, must be there: those behind out are overwritten. -1: the source is not what a
 * writer makes of such a text */
MUST_CHECK int block_delta_take(struct block_delta_source *source, struct slice like,
				char *out, size_t len);

#endif
