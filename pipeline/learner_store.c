/* learner_store.c - union-find with ages, and a clock over the slots */
#include "pipeline/learner_store.h"

#include "base/mem.h"

/* slots looked at for one victim; bounds the time of a miss */
#define CLOCK_STEPS 64

void learner_store_init(struct learner_store *store)
{
	*store = (struct learner_store){ .next_order = 1 };
}

void learner_store_deinit(struct learner_store *store)
{
	for (size_t i = 0; i < store->entries_count; i++)
		template_free(&store->entries[i].template);
	mem_free(store->entries);
	mem_free(store->free_slots);
	table_deinit(&store->by_key);
}

static uint32_t take_slot(struct learner_store *store)
{
	if (store->free_count > 0)
		return store->free_slots[--store->free_count];
	mem_grow(&store->entries, &store->entries_capacity, store->entries_count,
		 sizeof(*store->entries));
	return (uint32_t)store->entries_count++;
}

uint32_t learner_store_add(struct learner_store *store, uint64_t key,
			   struct template *template, bool generalised)
{
	uint32_t slot = take_slot(store);

	store->entries[slot] =
		(struct learner_entry){ .key = key,
					.order = store->next_order++,
					.template = template,
					.parent = slot,
					.general = generalised ? slot : ENTRY_NONE,
					.generalised = generalised };
	*table_put(&store->by_key, key, NULL) = slot;
	store->bytes += template_size(template);
	store->groups++;
	if (generalised)
		store->generalised++;
	else
		store->leaves++;
	return slot;
}

void learner_store_remove(struct learner_store *store, uint32_t slot)
{
	struct learner_entry *entry = &store->entries[slot];

	if (entry->parent == slot)
		store->groups--;
	else
		store->entries[entry->parent].children--;
	(void)table_remove(&store->by_key, entry->key); /* it is there */
	store->bytes -= template_size(entry->template);
	store->leaves--;
	template_free(&entry->template);
	*entry = (struct learner_entry){ 0 };
	mem_grow(&store->free_slots, &store->free_capacity, store->free_count,
		 sizeof(*store->free_slots));
	store->free_slots[store->free_count++] = slot;
}

uint32_t learner_store_find(const struct learner_store *store, uint64_t key)
{
	const uint64_t *slot = table_get(&store->by_key, key);

	return slot == NULL ? ENTRY_NONE : (uint32_t)*slot;
}

static void set_parent(struct learner_store *store, uint32_t slot, uint32_t parent)
{
	struct learner_entry *entry = &store->entries[slot];

	if (entry->parent == parent)
		return;
	if (entry->parent != slot)
		store->entries[entry->parent].children--;
	entry->parent = parent;
	store->entries[parent].children++;
}

uint32_t learner_store_root(struct learner_store *store, uint32_t slot)
{
	uint32_t root = slot;

	while (store->entries[root].parent != root)
		root = store->entries[root].parent;
	while (slot != root) {
		uint32_t parent = store->entries[slot].parent;

		set_parent(store, slot, root);
		slot = parent;
	}
	return root;
}

bool learner_store_unite(struct learner_store *store, uint32_t a, uint32_t b,
			 uint32_t *ended)
{
	uint32_t kept = learner_store_root(store, a);
	uint32_t gone = learner_store_root(store, b);
	struct learner_entry *root = NULL;
	uint32_t general = 0;

	if (kept == gone)
		return false;
	if (store->entries[gone].order < store->entries[kept].order) {
		uint32_t swap = kept;

		kept = gone;
		gone = swap;
	}
	root = &store->entries[kept];
	general = store->entries[gone].general;
	set_parent(store, gone, kept);
	root->held = root->held || store->entries[gone].held;
	if (general != ENTRY_NONE &&
	    (root->general == ENTRY_NONE ||
	     store->entries[root->general].order < store->entries[general].order))
		root->general = general;
	store->groups--;
	*ended = gone;
	return true;
}

uint32_t learner_store_victim(struct learner_store *store)
{
	for (unsigned step = 0; step < CLOCK_STEPS && store->entries_count > 0;
	     step++) {
		uint32_t slot = 0;
		struct learner_entry *entry = NULL;

		if (store->hand >= store->entries_count)
			store->hand = 0;
		slot = (uint32_t)store->hand++;
		entry = &store->entries[slot];
		if (entry->order == 0 || entry->generalised || entry->children > 0)
			continue;
		if (!entry->used)
			return slot;
		entry->used = false;
	}
	return ENTRY_NONE;
}
