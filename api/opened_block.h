/* opened_block.h - a block, or its rare events, decoded so that queries can share it
 *
 * Threads: any, several at a time: what is told is fixed when it is opened, and texts
 *          are put together behind its mutex.
 * Owner: opened_block_free, when nobody else holds it: block_cache.h counts who does.
 *        Borrows nothing of what it is opened from.
 * Limits: those of block.h; some 64 bytes an event, and the texts of the frames that
 *         were read so far.
 */
#ifndef SIFTD_API_OPENED_BLOCK_H
#define SIFTD_API_OPENED_BLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "pipeline/block.h"

struct opened_block {
	struct block_reader *reader;
	/* of rare events (block_extract.h): the number in the block of each of the
	 * reader's events, and the body. NULL: the reader has all events */
	uint32_t *places;
	struct buf frequent; /* marks of the templates that are left out */
	struct buf body;
	pthread_mutex_t mutex; /* of the texts */
	atomic_size_t bytes;   /* that it holds */
};

/* of meta alone */
MUST_CHECK int opened_block_new(struct slice meta, struct opened_block **out,
				struct error *error);
/* of a block's rare events; events: how many the block has */
MUST_CHECK int opened_block_new_rare(struct slice bytes, uint32_t events,
				     struct opened_block **out, struct error *error);
void opened_block_free(struct opened_block **opened);

/* as block_rare_is_frequent; false for one that has all events */
bool opened_block_lacks(const struct opened_block *opened, uint64_t template_key);
/* the number in the block of the reader's event */
uint32_t opened_block_place(const struct opened_block *opened, uint32_t row);
/* whether the texts of its event can be had without bytes of the body */
bool opened_block_has_texts(struct opened_block *opened, uint32_t row);
/* fills raw and extra of one event; part covers its frame, unless the texts are there.
 * Valid as long as the opened block is. */
MUST_CHECK int opened_block_raw(struct opened_block *opened,
				const struct block_part *part, uint32_t row,
				struct block_event *out, struct error *error);

#endif
