/* tail_sum.h - a hash over all of a log so far, to know a copy of it by
 *
 * Threads: one owner at a time. Pure. Owner: the caller. Limits: none.
 *
 * Blocks of TAIL_SUM_BYTES are hashed one after the other, each seeded with the hash of
 * those before it, so that a stored sum can be gone on with at any later time:
 *
 *   log   [ block 0 | block 1 | block 2 | rest ]     blocks = 3, hash covers them
 *                                       ^ where the next block begins
 */
#ifndef SIFTD_SOURCES_TAIL_SUM_H
#define SIFTD_SOURCES_TAIL_SUM_H

#include <stdint.h>

#include "base/hash64.h"

#define TAIL_SUM_BYTES 4096

struct tail_sum {
	uint64_t blocks;
	uint64_t hash;
};

static inline void tail_sum_add(struct tail_sum *sum, const char *block)
{
	sum->hash = hash64(slice_of(block, TAIL_SUM_BYTES), sum->hash);
	sum->blocks++;
}

#endif
