/* block_cache.c - entries by key and by block, in the order of their use
 *
 *	oldest <-> ... <-> youngest: those that are kept
 *
 * An entry that is pushed out while it is held leaves the order and the keys; it is
 * freed by its last release.
 */
#include "api/block_cache.h"

#include <assert.h>
#include <string.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

struct entry {
	struct block_cache_key key;
	uint64_t hash;
	struct opened_block *opened;
	struct entry *older;
	struct entry *younger;
	size_t bytes; /* as they were counted last */
	unsigned holders;
	bool is_kept;
};

_Static_assert(sizeof(struct entry *) == sizeof(uint64_t),
	       "a table's value holds an entry's address");

struct block_cache {
	pthread_mutex_t mutex;
	struct table by_key;   /* hash of a key -> its entry, of those that are kept */
	struct table by_block; /* address of a block -> its entry, of all */
	struct entry *oldest;
	struct entry *youngest;
	size_t bytes_max;
	struct block_cache_stats stats;
};

static void lock(struct block_cache *cache)
{
	int status = pthread_mutex_lock(&cache->mutex);

	assert(status == 0);
	(void)status;
}

static void unlock(struct block_cache *cache)
{
	int status = pthread_mutex_unlock(&cache->mutex);

	assert(status == 0);
	(void)status;
}

static uint64_t hash_of(const struct block_cache_key *key)
{
	uint64_t hash = hash64_mix((uint64_t)key->project_id, (uint64_t)key->first_seq);

	hash = hash64_mix(hash, key->body_len);
	return hash64_mix(hash, (uint64_t)key->count << 1 | key->rare);
}

static bool same_key(const struct block_cache_key *a, const struct block_cache_key *b)
{
	return a->project_id == b->project_id && a->first_seq == b->first_seq &&
	       a->body_len == b->body_len && a->count == b->count && a->rare == b->rare;
}

static uint64_t address_of(const struct opened_block *opened)
{
	return (uint64_t)(uintptr_t)opened;
}

static struct entry *entry_at(const struct table *table, uint64_t key)
{
	const uint64_t *place = table_get(table, key);
	struct entry *entry = NULL;

	/* the table keeps the pointer itself */
	if (place != NULL) /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		memcpy(&entry, place, sizeof(entry));
	return entry;
}

static void put_entry(struct table *table, uint64_t key, struct entry *entry)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	memcpy(table_put(table, key, NULL), &entry, sizeof(entry));
}

static void unlink_entry(struct block_cache *cache, struct entry *entry)
{
	if (entry->older != NULL)
		entry->older->younger = entry->younger;
	else
		cache->oldest = entry->younger;
	if (entry->younger != NULL)
		entry->younger->older = entry->older;
	else
		cache->youngest = entry->older;
}

static void link_youngest(struct block_cache *cache, struct entry *entry)
{
	entry->younger = NULL;
	entry->older = cache->youngest;
	if (cache->youngest != NULL)
		cache->youngest->younger = entry;
	else
		cache->oldest = entry;
	cache->youngest = entry;
}

static void entry_free(struct block_cache *cache, struct entry *entry)
{
	(void)table_remove(&cache->by_block, address_of(entry->opened)); /* is there */
	opened_block_free(&entry->opened);
	mem_free(entry);
}

static void evict_oldest(struct block_cache *cache)
{
	struct entry *entry = cache->oldest;

	unlink_entry(cache, entry);
	(void)table_remove(&cache->by_key, entry->hash); /* it is there */
	cache->stats.bytes -= entry->bytes;
	entry->is_kept = false;
	if (entry->holders == 0)
		entry_free(cache, entry);
}

static void make_room(struct block_cache *cache)
{
	while (cache->stats.bytes > cache->bytes_max && cache->oldest != NULL) {
		evict_oldest(cache);
		cache->stats.evicted++;
	}
}

struct block_cache *block_cache_new(size_t bytes_max)
{
	struct block_cache *cache = mem_calloc(1, sizeof(*cache));
	int status = pthread_mutex_init(&cache->mutex, NULL);

	assert(status == 0);
	(void)status;
	cache->bytes_max = bytes_max;
	return cache;
}

void block_cache_free(struct block_cache **cache_ptr)
{
	struct block_cache *cache = *cache_ptr;

	if (cache == NULL)
		return;
	while (cache->oldest != NULL)
		evict_oldest(cache);
	assert(cache->by_block.count == 0); /* whoever held one has released it */
	table_deinit(&cache->by_key);
	table_deinit(&cache->by_block);
	(void)pthread_mutex_destroy(&cache->mutex); /* nobody holds it */
	mem_free(cache);
	*cache_ptr = NULL;
}

static struct opened_block *get(struct block_cache *cache,
				const struct block_cache_key *key)
{
	struct entry *entry = entry_at(&cache->by_key, hash_of(key));

	if (entry == NULL || !same_key(&entry->key, key)) {
		cache->stats.misses++;
		return NULL;
	}
	cache->stats.hits++;
	unlink_entry(cache, entry);
	link_youngest(cache, entry);
	entry->holders++;
	return entry->opened;
}

struct opened_block *block_cache_get(struct block_cache *cache,
				     const struct block_cache_key *key)
{
	struct opened_block *opened = NULL;

	lock(cache);
	opened = get(cache, key);
	unlock(cache);
	return opened;
}

static struct opened_block *put(struct block_cache *cache,
				const struct block_cache_key *key,
				struct opened_block *opened)
{
	uint64_t hash = hash_of(key);
	struct entry *entry = entry_at(&cache->by_key, hash);
	/* once in 2^64 it is another one of the same hash */
	bool is_taken = entry != NULL;

	if (is_taken && same_key(&entry->key, key)) {
		opened_block_free(&opened);
		entry->holders++;
		return entry->opened;
	}
	entry = mem_calloc(1, sizeof(*entry));
	*entry = (struct entry){ .key = *key,
				 .hash = hash,
				 .opened = opened,
				 .bytes = sizeof(*entry) + atomic_load(&opened->bytes),
				 .holders = 1,
				 .is_kept = !is_taken && cache->bytes_max > 0 };
	put_entry(&cache->by_block, address_of(opened), entry);
	if (!entry->is_kept)
		return opened;
	put_entry(&cache->by_key, hash, entry);
	link_youngest(cache, entry);
	cache->stats.bytes += entry->bytes;
	make_room(cache);
	return opened;
}

struct opened_block *block_cache_put(struct block_cache *cache,
				     const struct block_cache_key *key,
				     struct opened_block *opened)
{
	lock(cache);
	opened = put(cache, key, opened);
	unlock(cache);
	return opened;
}

/* it may have grown while it was held */
static void release(struct block_cache *cache, const struct opened_block *opened)
{
	struct entry *entry = entry_at(&cache->by_block, address_of(opened));
	size_t bytes = sizeof(*entry) + atomic_load(&opened->bytes);

	entry->holders--;
	if (entry->is_kept) {
		cache->stats.bytes += bytes - entry->bytes;
		entry->bytes = bytes;
		make_room(cache);
	} else if (entry->holders == 0) {
		entry_free(cache, entry);
	}
}

void block_cache_release(struct block_cache *cache, struct opened_block **opened_ptr)
{
	if (*opened_ptr == NULL)
		return;
	lock(cache);
	release(cache, *opened_ptr);
	unlock(cache);
	*opened_ptr = NULL;
}

struct block_cache_stats block_cache_stats(struct block_cache *cache)
{
	struct block_cache_stats stats = { 0 };

	lock(cache);
	stats = cache->stats;
	unlock(cache);
	return stats;
}
