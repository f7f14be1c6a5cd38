/* learner_store.h - the templates a learner keeps, and which group each belongs to
 *
 * Threads: the learner's, under its mutex. Owner: learner_store_deinit frees.
 * Limits: none of its own; the learner evicts by learner_store_victim.
 *
 * Groups are a union-find forest: an entry without parent is a root, and the root is
 * the oldest entry of its group. Entries are named by their slot; slots are used again,
 * `order` is not.
 */
#ifndef SIFTD_PIPELINE_LEARNER_STORE_H
#define SIFTD_PIPELINE_LEARNER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "pipeline/template.h"

#define ENTRY_NONE UINT32_MAX

struct learner_entry {
	uint64_t key;
	uint64_t order; /* age; 0: the slot is free */
	struct template *template;
	uint32_t parent;   /* own slot: a root */
	uint32_t children; /* entries whose parent this is */
	uint32_t general;  /* of a root: the newest generalised member, or ENTRY_NONE */
	bool generalised;
	bool used; /* since the clock hand passed */
	bool held; /* of a root: a person made the group */
};

struct learner_store {
	struct learner_entry *entries;
	size_t entries_count; /* slots ever used */
	size_t entries_capacity;
	uint32_t *free_slots;
	size_t free_count;
	size_t free_capacity;
	struct table by_key; /* key -> slot */
	uint64_t next_order;
	size_t hand;
	size_t bytes;
	size_t leaves;
	size_t generalised;
	size_t groups;
};

void learner_store_init(struct learner_store *store);
void learner_store_deinit(struct learner_store *store);
/* takes the template */
uint32_t learner_store_add(struct learner_store *store, uint64_t key,
			   struct template *template, bool generalised);
/* only an entry without children */
void learner_store_remove(struct learner_store *store, uint32_t slot);
uint32_t learner_store_find(const struct learner_store *store, uint64_t key);
uint32_t learner_store_root(struct learner_store *store, uint32_t slot);
/* false: they were one group already; *ended: the root that is none any more */
bool learner_store_unite(struct learner_store *store, uint32_t a, uint32_t b,
			 uint32_t *ended);
/* a leaf not used lately that nothing depends on, or ENTRY_NONE */
uint32_t learner_store_victim(struct learner_store *store);

/* a group of one */
static inline bool learner_store_is_alone(const struct learner_store *store,
					  uint32_t slot)
{
	return store->entries[slot].parent == slot &&
	       store->entries[slot].children == 0;
}

static inline struct learner_entry *learner_store_entry(struct learner_store *store,
							uint32_t slot)
{
	return &store->entries[slot];
}

#endif
