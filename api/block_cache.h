/* block_cache.h - decoded blocks, kept in memory for the queries that follow
 *
 * Threads: any.
 * Owner: block_cache_free, when nobody holds a block any more. Who gets or puts a block
 *        holds it until the release, whether it is kept or not.
 * Limits: bytes_max of blocks that are kept, as far as nobody holds them; beyond, the
 *         ones that were not asked for longest make room. 0: nothing is kept.
 *
 * A block never changes: what replaces one has another key, so nothing has to be
 * forgotten but for room. Whether a block is still there, and whose its events are, is
 * for the database to say: keys come from its rows.
 */
#ifndef SIFTD_API_BLOCK_CACHE_H
#define SIFTD_API_BLOCK_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/opened_block.h"

struct block_cache;

struct block_cache_key {
	int64_t project_id;
	int64_t first_seq;
	/* a block in which events were emptied has another body */
	uint64_t body_len;
	uint32_t count;
	bool rare; /* its rare events only */
};

struct block_cache_stats {
	size_t bytes;
	uint64_t hits;
	uint64_t misses;
	uint64_t evicted;
};

struct block_cache *block_cache_new(size_t bytes_max);
void block_cache_free(struct block_cache **cache);
/* NULL: it is not there */
struct opened_block *block_cache_get(struct block_cache *cache,
				     const struct block_cache_key *key);
/* takes a block that was opened; gives it back, or the one that somebody else put there
 * meanwhile */
struct opened_block *block_cache_put(struct block_cache *cache,
				     const struct block_cache_key *key,
				     struct opened_block *opened);
/* sets it to NULL, which it may be already */
void block_cache_release(struct block_cache *cache, struct opened_block **opened);
struct block_cache_stats block_cache_stats(struct block_cache *cache);

#endif
