/* learner_guards.h - templates of one token count and first token
 *
 * Threads: the learner's, under its mutex. Owner: learner_guards_deinit frees.
 * Limits: GUARD_LEAVES_MAX unmerged leaves a guard are remembered, the newest; guards
 * without any entry are dropped.
 */
#ifndef SIFTD_PIPELINE_LEARNER_GUARDS_H
#define SIFTD_PIPELINE_LEARNER_GUARDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

#define GUARD_LEAVES_MAX 32

struct learner_guard {
	uint64_t key;
	uint32_t *generalised; /* slots, oldest first */
	size_t generalised_count;
	size_t generalised_capacity;
	uint32_t *leaves; /* slots, oldest first */
	size_t leaves_count;
	size_t leaves_capacity;
	uint64_t overflows; /* times that half of the leaves were dropped */
};

struct learner_guards {
	struct learner_guard *items;
	size_t items_count;
	size_t items_capacity;
	uint32_t *free_items;
	size_t free_count;
	size_t free_capacity;
	struct table by_key;
};

void learner_guards_deinit(struct learner_guards *guards);
struct learner_guard *learner_guards_get(struct learner_guards *guards, uint64_t key);
/* made when absent; valid until the next call that makes one */
struct learner_guard *learner_guards_put(struct learner_guards *guards, uint64_t key);
void learner_guard_add_generalised(struct learner_guard *guard, uint32_t slot);
/* drops the older half when full */
void learner_guard_add_leaf(struct learner_guard *guard, uint32_t slot);
/* when the leaf is evicted; drops a guard that is empty then */
void learner_guards_remove_leaf(struct learner_guards *guards, uint64_t key,
				uint32_t slot);

#endif
