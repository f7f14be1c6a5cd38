/* learner_evict.c - what the learner's limits are, and who goes when they are reached
 */
#include "pipeline/learner_learn.h"
#include "pipeline/learner_match.h"
#include "pipeline/learner_places.h"

static void evict(struct learner *learner, uint32_t slot)
{
	const struct template *template = learner->store.entries[slot].template;
	struct place places[PLACES_MAX];
	size_t count = template->count < 2 ? 0 : places_of(template, places);

	for (size_t i = 0; i < count; i++)
		learner_buckets_remove(&learner->buckets, places[i].key, slot);
	learner_guards_remove_leaf(&learner->guards, match_guard_key(template), slot);
	learner_store_remove(&learner->store, slot);
	learner->evicted++;
}

/* so many 16ths of the limits are used */
static bool uses(const struct learner *learner, size_t sixteenths)
{
	const struct learner_store *store = &learner->store;
	size_t buckets = learner_buckets_count(&learner->buckets);
	size_t bytes = store->bytes + buckets * sizeof(struct learner_bucket);

	return (store->leaves + store->generalised) * 16 >
		       learner->config.templates_max * sixteenths ||
	       buckets * 16 > learner->config.buckets_max * sixteenths ||
	       bytes * 16 > learner->config.bytes_max * sixteenths;
}

bool learn_is_full(const struct learner *learner)
{
	return uses(learner, 15);
}

void learn_evict(struct learner *learner)
{
	while (uses(learner, 16)) {
		uint32_t slot = learner_store_victim(&learner->store);

		if (slot == ENTRY_NONE)
			return;
		evict(learner, slot);
	}
}
