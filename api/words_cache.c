/* words_cache.c - a ring of filters, found by a table */
#include "api/words_cache.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"
#include "pipeline/block.h"

struct entry {
	struct words_cache_key key;
	uint64_t hash;
	struct entry *next; /* younger */
	size_t len;
	char words[];
};

_Static_assert(sizeof(struct entry *) == sizeof(uint64_t),
	       "a table's value holds an entry's address");

struct words_cache {
	pthread_mutex_t mutex;
	struct table entries; /* hash of a key -> its entry */
	struct entry *oldest;
	struct entry **youngest_end;
	size_t bytes_max;
	struct words_cache_stats stats;
};

static void lock(struct words_cache *cache)
{
	int status = pthread_mutex_lock(&cache->mutex);

	assert(status == 0);
	(void)status;
}

static void unlock(struct words_cache *cache)
{
	int status = pthread_mutex_unlock(&cache->mutex);

	assert(status == 0);
	(void)status;
}

static uint64_t hash_of(const struct words_cache_key *key)
{
	uint64_t hash = hash64_mix((uint64_t)key->project_id, (uint64_t)key->first_seq);

	return hash64_mix(hash, key->count);
}

static bool same_key(const struct words_cache_key *a, const struct words_cache_key *b)
{
	return a->project_id == b->project_id && a->first_seq == b->first_seq &&
	       a->count == b->count;
}

static void evict_oldest(struct words_cache *cache)
{
	struct entry *entry = cache->oldest;

	cache->oldest = entry->next;
	if (cache->oldest == NULL)
		cache->youngest_end = &cache->oldest;
	(void)table_remove(&cache->entries, entry->hash); /* it is there */
	cache->stats.bytes -= sizeof(*entry) + entry->len;
	mem_free(entry);
}

static struct entry *find(const struct words_cache *cache,
			  const struct words_cache_key *key)
{
	const uint64_t *place = table_get(&cache->entries, hash_of(key));
	struct entry *entry = NULL;

	/* the table keeps the pointer itself */
	if (place != NULL) /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		memcpy(&entry, place, sizeof(entry));
	return entry != NULL && same_key(&entry->key, key) ? entry : NULL;
}

struct words_cache *words_cache_new(size_t bytes_max)
{
	struct words_cache *cache = mem_calloc(1, sizeof(*cache));
	int status = pthread_mutex_init(&cache->mutex, NULL);

	assert(status == 0);
	(void)status;
	cache->bytes_max = bytes_max;
	cache->youngest_end = &cache->oldest;
	return cache;
}

void words_cache_free(struct words_cache **cache_ptr)
{
	struct words_cache *cache = *cache_ptr;

	if (cache == NULL)
		return;
	while (cache->oldest != NULL)
		evict_oldest(cache);
	table_deinit(&cache->entries);
	(void)pthread_mutex_destroy(&cache->mutex); /* nobody holds it */
	mem_free(cache);
	*cache_ptr = NULL;
}

static void put(struct words_cache *cache, const struct words_cache_key *key,
		struct slice words)
{
	uint64_t hash = hash_of(key);
	struct entry *entry = NULL;

	/* there already, or, once in 2^64, another one of the same hash */
	if (table_get(&cache->entries, hash) != NULL)
		return;
	entry = mem_alloc(sizeof(*entry) + words.len);
	*entry = (struct entry){ .key = *key, .hash = hash, .len = words.len };
	if (words.len > 0)
		memcpy(entry->words, words.ptr, words.len);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	memcpy(table_put(&cache->entries, hash, NULL), &entry, sizeof(entry));
	*cache->youngest_end = entry;
	cache->youngest_end = &entry->next;
	cache->stats.bytes += sizeof(*entry) + words.len;
	while (cache->stats.bytes > cache->bytes_max && cache->oldest != NULL) {
		evict_oldest(cache);
		cache->stats.evicted++;
	}
}

void words_cache_put(struct words_cache *cache, const struct words_cache_key *key,
		     struct slice words)
{
	lock(cache);
	put(cache, key, words);
	unlock(cache);
}

enum words_verdict words_cache_test(struct words_cache *cache,
				    const struct words_cache_key *key,
				    struct slice text)
{
	enum words_verdict verdict = WORDS_UNKNOWN;
	struct entry *entry = NULL;

	lock(cache);
	entry = find(cache, key);
	if (entry == NULL) {
		cache->stats.misses++;
	} else {
		struct slice words = slice_of(entry->words, entry->len);

		cache->stats.hits++;
		verdict = block_words_may_hold(words, text) ? WORDS_MAYBE : WORDS_NONE;
	}
	unlock(cache);
	return verdict;
}

struct words_cache_stats words_cache_stats(struct words_cache *cache)
{
	struct words_cache_stats stats = { 0 };

	lock(cache);
	stats = cache->stats;
	unlock(cache);
	return stats;
}
