/* block_merge.h - one block out of neighbours
 *
 * Threads: any; one call is one thread's. Pure.
 * Owner: the caller deinits the result; the sources are borrowed.
 * Limits: what fits into one block (block.h); more is an error.
 */
#ifndef SIFTD_PIPELINE_BLOCK_MERGE_H
#define SIFTD_PIPELINE_BLOCK_MERGE_H

#include "pipeline/block.h"

/* a stored block */
struct block_stored {
	struct slice meta;
	struct slice body;
	/* whether each event stays; the others are stored without a byte of what they
	 * said, so that those behind them keep their numbers. NULL: all stay */
	const bool *stays;
};

/* the events of all sources, in their order, encoded anew */
MUST_CHECK int block_merge(const struct block_stored *sources, size_t count,
			   int zstd_level, struct block_encoded *out,
			   struct error *error);

#endif
