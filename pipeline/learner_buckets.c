/* learner_buckets.c - buckets in an array with a free list, found by key */
#include "pipeline/learner_buckets.h"

#include "base/mem.h"

void learner_buckets_deinit(struct learner_buckets *buckets)
{
	mem_free(buckets->items);
	mem_free(buckets->free_items);
	table_deinit(&buckets->by_key);
}

static uint64_t take_item(struct learner_buckets *buckets)
{
	if (buckets->free_count > 0)
		return buckets->free_items[--buckets->free_count];
	mem_grow(&buckets->items, &buckets->items_capacity, buckets->items_count,
		 sizeof(*buckets->items));
	return buckets->items_count++;
}

struct learner_bucket *learner_buckets_add(struct learner_buckets *buckets,
					   uint64_t key, uint32_t member,
					   unsigned class)
{
	bool added = false;
	uint64_t *place = table_put(&buckets->by_key, key, &added);
	struct learner_bucket *bucket = NULL;

	if (added) {
		*place = take_item(buckets);
		buckets->items[*place] = (struct learner_bucket){ .key = key };
	}
	bucket = &buckets->items[*place];
	if (bucket->count == BUCKET_MEMBERS_MAX)
		return NULL;
	bucket->members[bucket->count++] = member;
	bucket->classes |= (uint16_t)(1u << class);
	return bucket;
}

struct learner_bucket *learner_buckets_get(struct learner_buckets *buckets,
					   uint64_t key)
{
	const uint64_t *place = table_get(&buckets->by_key, key);

	return place == NULL ? NULL : &buckets->items[*place];
}

void learner_buckets_remove(struct learner_buckets *buckets, uint64_t key,
			    uint32_t member)
{
	const uint64_t *place = table_get(&buckets->by_key, key);
	struct learner_bucket *bucket = NULL;

	if (place == NULL)
		return;
	bucket = &buckets->items[*place];
	for (size_t i = 0; i < bucket->count; i++) {
		if (bucket->members[i] == member) {
			bucket->members[i] = bucket->members[--bucket->count];
			break;
		}
	}
	if (bucket->count > 0)
		return;
	mem_grow(&buckets->free_items, &buckets->free_capacity, buckets->free_count,
		 sizeof(*buckets->free_items));
	buckets->free_items[buckets->free_count++] = (uint32_t)*place;
	(void)table_remove(&buckets->by_key, key); /* it is there */
}
