/* learner_guards.c - guards in an array with a free list, found by key */
#include "pipeline/learner_guards.h"

#include <string.h>

#include "base/mem.h"

void learner_guards_deinit(struct learner_guards *guards)
{
	for (size_t i = 0; i < guards->items_count; i++) {
		mem_free(guards->items[i].generalised);
		mem_free(guards->items[i].leaves);
	}
	mem_free(guards->items);
	mem_free(guards->free_items);
	table_deinit(&guards->by_key);
}

struct learner_guard *learner_guards_get(struct learner_guards *guards, uint64_t key)
{
	const uint64_t *place = table_get(&guards->by_key, key);

	return place == NULL ? NULL : &guards->items[*place];
}

struct learner_guard *learner_guards_put(struct learner_guards *guards, uint64_t key)
{
	bool added = false;
	uint64_t *place = table_put(&guards->by_key, key, &added);

	if (!added)
		return &guards->items[*place];
	if (guards->free_count > 0) {
		*place = guards->free_items[--guards->free_count];
	} else {
		mem_grow(&guards->items, &guards->items_capacity, guards->items_count,
			 sizeof(*guards->items));
		*place = guards->items_count++;
	}
	guards->items[*place] = (struct learner_guard){ .key = key };
	return &guards->items[*place];
}

void learner_guard_add_generalised(struct learner_guard *guard, uint32_t slot)
{
	mem_grow(&guard->generalised, &guard->generalised_capacity,
		 guard->generalised_count, sizeof(*guard->generalised));
	guard->generalised[guard->generalised_count++] = slot;
}

static void remove_at(struct learner_guard *guard, size_t index, size_t count)
{
	guard->leaves_count -= count;
	memmove(guard->leaves + index, guard->leaves + index + count,
		(guard->leaves_count - index) * sizeof(*guard->leaves));
}

void learner_guard_add_leaf(struct learner_guard *guard, uint32_t slot)
{
	if (guard->leaves_count == GUARD_LEAVES_MAX) {
		/* half at once, so that looking for a pattern among a full list stays
		 * rare */
		remove_at(guard, 0, GUARD_LEAVES_MAX / 2);
		guard->overflows++;
	}
	mem_grow(&guard->leaves, &guard->leaves_capacity, guard->leaves_count,
		 sizeof(*guard->leaves));
	guard->leaves[guard->leaves_count++] = slot;
}

void learner_guards_remove_leaf(struct learner_guards *guards, uint64_t key,
				uint32_t slot)
{
	const uint64_t *place = table_get(&guards->by_key, key);
	struct learner_guard *guard = NULL;

	if (place == NULL)
		return;
	guard = &guards->items[*place];
	for (size_t i = 0; i < guard->leaves_count; i++) {
		if (guard->leaves[i] == slot) {
			remove_at(guard, i, 1);
			break;
		}
	}
	if (guard->leaves_count > 0 || guard->generalised_count > 0)
		return;
	mem_free(guard->generalised);
	mem_free(guard->leaves);
	*guard = (struct learner_guard){ 0 };
	mem_grow(&guards->free_items, &guards->free_capacity, guards->free_count,
		 sizeof(*guards->free_items));
	guards->free_items[guards->free_count++] = (uint32_t)*place;
	(void)table_remove(&guards->by_key, key); /* it is there */
}
