/* learner_buckets.h - templates that differ in one place only, side by side
 *
 * Threads: the learner's, under its mutex. Owner: learner_buckets_deinit frees.
 * Limits: BUCKET_MEMBERS_MAX members a bucket; a full one takes no more. The number of
 * buckets follows the templates in them, which the learner bounds.
 */
#ifndef SIFTD_PIPELINE_LEARNER_BUCKETS_H
#define SIFTD_PIPELINE_LEARNER_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

#define BUCKET_MEMBERS_MAX 12

struct learner_bucket {
	uint64_t key;
	uint32_t members[BUCKET_MEMBERS_MAX]; /* slots of the store */
	uint8_t count;
	uint16_t classes; /* bit per token_class ever seen at the place */
};

struct learner_buckets {
	struct learner_bucket *items;
	size_t items_count;
	size_t items_capacity;
	uint32_t *free_items;
	size_t free_count;
	size_t free_capacity;
	struct table by_key;
};

void learner_buckets_deinit(struct learner_buckets *buckets);
/* the bucket that holds the member now, valid until the next add; NULL: full */
struct learner_bucket *learner_buckets_add(struct learner_buckets *buckets,
					   uint64_t key, uint32_t member,
					   unsigned class);
struct learner_bucket *learner_buckets_get(struct learner_buckets *buckets,
					   uint64_t key);
void learner_buckets_remove(struct learner_buckets *buckets, uint64_t key,
			    uint32_t member);
static inline size_t learner_buckets_count(const struct learner_buckets *buckets)
{
	return buckets->by_key.count;
}

#endif
