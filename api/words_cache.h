/* words_cache.h - the blocks' filters of words, kept in memory between searches
 *
 * Threads: any; a mutex guards it, for the length of one look or one put.
 * Owner: filters are copied.
 * Limits: bytes_max of filters; the oldest make room. A filter is never wrong: a block
 *         is named by project, first seq and count, which no two blocks share.
 */
#ifndef SIFTD_API_WORDS_CACHE_H
#define SIFTD_API_WORDS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct words_cache;

struct words_cache_key {
	int64_t project_id;
	int64_t first_seq;
	uint32_t count;
};

struct words_cache_stats {
	uint64_t hits;
	uint64_t misses;
	uint64_t evicted;
	size_t bytes;
};

enum words_verdict { WORDS_UNKNOWN, WORDS_NONE, WORDS_MAYBE };

struct words_cache *words_cache_new(size_t bytes_max);
void words_cache_free(struct words_cache **cache);
void words_cache_put(struct words_cache *cache, const struct words_cache_key *key,
		     struct slice words);
/* whether the block may hold the text; WORDS_UNKNOWN: its filter is not here */
enum words_verdict words_cache_test(struct words_cache *cache,
				    const struct words_cache_key *key,
				    struct slice text);
struct words_cache_stats words_cache_stats(struct words_cache *cache);

#endif
