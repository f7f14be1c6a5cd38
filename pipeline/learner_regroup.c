/* learner_regroup.c - takes trees apart, which union-find cannot: rare, so all entries
 * are looked at */
#include "pipeline/learner_regroup.h"

#include "base/mem.h"

struct regrouping {
	struct learner_store *store;
	struct table groups; /* of the moves -> slot of its oldest template */
	uint32_t *roots;     /* by slot, as it was */
	uint32_t *targets;   /* by slot; ENTRY_NONE: stays */
};

static bool is_older(const struct learner_store *store, uint32_t a, uint32_t b)
{
	return store->entries[a].order < store->entries[b].order;
}

static void find_roots(struct regrouping *r)
{
	for (uint32_t slot = 0; slot < r->store->entries_count; slot++) {
		r->targets[slot] = ENTRY_NONE;
		r->roots[slot] = r->store->entries[slot].order == 0
					 ? ENTRY_NONE
					 : learner_store_root(r->store, slot);
	}
}

static void find_targets(struct regrouping *r, const struct learner_move *moves,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t slot = learner_store_find(r->store, moves[i].key);
		uint64_t *oldest = NULL;
		bool added = false;

		if (slot == ENTRY_NONE)
			continue;
		oldest = table_put(&r->groups, moves[i].group, &added);
		if (added || is_older(r->store, slot, (uint32_t)*oldest))
			*oldest = slot;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t slot = learner_store_find(r->store, moves[i].key);

		if (slot != ENTRY_NONE)
			r->targets[slot] =
				(uint32_t)*table_get(&r->groups, moves[i].group);
	}
}

static void set_parents(struct regrouping *r)
{
	for (uint32_t slot = 0; slot < r->store->entries_count; slot++) {
		uint32_t root = r->roots[slot];
		uint32_t target = r->targets[slot];

		if (root == ENTRY_NONE)
			continue;
		/* not stored yet: it follows the template that it joined */
		if (target == ENTRY_NONE)
			target = r->targets[root] == ENTRY_NONE ? root
								: r->targets[root];
		r->store->entries[slot].parent = target;
		if (r->targets[slot] != ENTRY_NONE)
			r->store->entries[target].held = true;
	}
}

/* what follows from parents */
static void sum_up(struct learner_store *store)
{
	store->groups = 0;
	for (uint32_t slot = 0; slot < store->entries_count; slot++) {
		struct learner_entry *entry = &store->entries[slot];

		entry->children = 0;
		entry->general = entry->generalised ? slot : ENTRY_NONE;
		store->groups += entry->order != 0 && entry->parent == slot;
	}
	for (uint32_t slot = 0; slot < store->entries_count; slot++) {
		const struct learner_entry *entry = &store->entries[slot];
		struct learner_entry *root = &store->entries[entry->parent];

		if (entry->order == 0 || root == entry)
			continue;
		root->children++;
		if (entry->generalised && (root->general == ENTRY_NONE ||
					   is_older(store, root->general, slot)))
			root->general = slot;
	}
}

void regroup(struct learner *learner, const struct learner_move *moves, size_t count)
{
	struct learner_store *store = &learner->store;
	struct regrouping r = { .store = store };

	if (store->entries_count == 0)
		return;
	r.roots = mem_calloc(store->entries_count, sizeof(*r.roots));
	r.targets = mem_calloc(store->entries_count, sizeof(*r.targets));
	find_roots(&r);
	find_targets(&r, moves, count);
	set_parents(&r);
	sum_up(store);
	mem_free(r.roots);
	mem_free(r.targets);
	table_deinit(&r.groups);
}
