/* learner_learn.c - a new leaf, and the safety nets behind the buckets: guards that
 * fill, shapes that have nothing in common
 */
#include "pipeline/learner_learn.h"

#include "pipeline/learner_apply.h"
#include "pipeline/learner_match.h"
#include "pipeline/learner_pairs.h"

#define AGREEING_LEAVES 12
#define DISTINCT_VALUES_MIN 8
/* halvings of one guard, and unmerged leaves of one shape, that make free text */
#define FREE_TEXT_OVERFLOWS 32
#define FREE_TEXT_SHAPE 2048

static struct template *template_at(const struct learner *learner, uint32_t slot)
{
	return learner->store.entries[slot].template;
}

static size_t distinct_at(struct learner *learner, const struct learner_guard *guard,
			  size_t token)
{
	uint64_t seen[GUARD_LEAVES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < guard->leaves_count; i++) {
		uint64_t hash =
			template_at(learner, guard->leaves[i])->tokens[token].hash;
		size_t k = 0;

		while (k < count && seen[k] != hash)
			k++;
		if (k == count)
			seen[count++] = hash;
	}
	return count;
}

/* the leaves of the guard that agree where `wild` does not forgive */
static size_t agreeing(struct learner *learner, const struct learner_guard *guard,
		       const struct template *general,
		       uint32_t members[GUARD_LEAVES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < guard->leaves_count; i++) {
		if (match_covers(general, template_at(learner, guard->leaves[i])))
			members[count++] = guard->leaves[i];
	}
	return count;
}

/* a guard is full of leaves that no bucket could merge: look for what varies most */
static void break_up(struct learner *learner, uint32_t slot)
{
	const struct template *template = template_at(learner, slot);
	const struct learner_guard *guard =
		learner_guards_get(&learner->guards, match_guard_key(template));
	uint64_t wild[WILD_WORDS] = { 0 };
	uint32_t members[GUARD_LEAVES_MAX];
	struct learner_change change = {
		.members = members,
		.reason = "many messages of this length and first word "
			  "differ in the same places",
		.depth = 1
	};
	size_t enough = guard->leaves_count / 3;

	if (enough < DISTINCT_VALUES_MIN)
		enough = DISTINCT_VALUES_MIN;
	for (size_t i = 1; i < template->count; i++) {
		if (distinct_at(learner, guard, i) >= enough)
			wild_add(wild, i);
	}
	change.general = template_generalise(template, wild);
	change.members_count = agreeing(learner, guard, change.general, members);
	if (change.members_count < AGREEING_LEAVES ||
	    change.general->constants * 3 < template->count) {
		template_free(&change.general);
		return;
	}
	apply_change(learner, &change);
}

static void unite_pairs(struct learner *learner, uint32_t slot)
{
	struct pair_find found;
	struct learner_change change = { .members = found.members,
					 .reason = "several places vary at once",
					 .depth = 1 };

	if (!pairs_find(learner, slot, &found))
		return;
	change.members_count = found.count;
	change.general = template_generalise(template_at(learner, slot), found.wild);
	apply_change(learner, &change);
}

static void make_free_text(struct learner *learner, uint32_t slot, bool by_shape)
{
	const struct template *template = template_at(learner, slot);
	struct learner_change change = { .members = &slot,
					 .members_count = 1,
					 .depth = 1 };
	uint64_t wild[WILD_WORDS] = { 0 };

	if (by_shape) {
		change.reason = "free text: too many messages of this shape have "
				"nothing in common";
		change.general = template_free_text(template);
	} else {
		change.reason = "free text: too many messages begin with this word and "
				"have nothing else in common";
		for (size_t i = 1; i < template->count; i++)
			wild_add(wild, i);
		change.general = template_generalise(template, wild);
	}
	apply_change(learner, &change);
}

/* merged leaves need no guarding */
static void forget_merged(const struct learner *learner, struct learner_guard *guard)
{
	size_t kept = 0;

	for (size_t i = 0; i < guard->leaves_count; i++) {
		if (learner_store_is_alone(&learner->store, guard->leaves[i]))
			guard->leaves[kept++] = guard->leaves[i];
	}
	guard->leaves_count = kept;
}

static struct learner_guard *guard_leaf(struct learner *learner, uint32_t slot)
{
	struct learner_guard *guard = learner_guards_put(
		&learner->guards, match_guard_key(template_at(learner, slot)));

	if (guard->leaves_count == GUARD_LEAVES_MAX)
		forget_merged(learner, guard);
	learner_guard_add_leaf(guard, slot);
	return guard;
}

static uint32_t *shape_count(struct learner *learner, uint32_t slot)
{
	return &learner->shapes[match_shape(template_at(learner, slot)) % SHAPES];
}

uint32_t learn_leaf(struct learner *learner, uint64_t key, struct template *template)
{
	uint32_t slot = learner_store_add(&learner->store, key, template, false);
	const struct learner_guard *guard = NULL;

	apply_leaf(learner, slot);
	if (template->count < 2)
		return slot;
	if (!learner_store_is_alone(&learner->store, slot))
		return slot;
	guard = guard_leaf(learner, slot);
	unite_pairs(learner, slot);
	if (!learner_store_is_alone(&learner->store, slot))
		return slot;
	if (guard->leaves_count == GUARD_LEAVES_MAX)
		break_up(learner, slot);
	if (learner_store_is_alone(&learner->store, slot) &&
	    ++*shape_count(learner, slot) >= FREE_TEXT_SHAPE)
		make_free_text(learner, slot, true);
	guard = learner_guards_get(&learner->guards,
				   match_guard_key(template_at(learner, slot)));
	/* without a first word it would take all messages of its length */
	if (learner_store_is_alone(&learner->store, slot) &&
	    guard->overflows >= FREE_TEXT_OVERFLOWS &&
	    template->tokens[0].class != TOKEN_VARIABLE)
		make_free_text(learner, slot, false);
	return slot;
}

uint32_t learn_restored(struct learner *learner, uint64_t key,
			struct template *template, bool generalised)
{
	uint32_t slot = learner_store_add(&learner->store, key, template, generalised);

	apply_restored(learner, slot);
	if (!generalised && template->count >= 2) {
		learn_settle(learner);
		learner->unsettled = slot;
	}
	return slot;
}

void learn_settle(struct learner *learner)
{
	uint32_t slot = learner->unsettled;

	learner->unsettled = ENTRY_NONE;
	if (slot == ENTRY_NONE || !learner_store_is_alone(&learner->store, slot))
		return;
	(void)guard_leaf(learner, slot); /* the list is all that is wanted */
	++*shape_count(learner, slot);
}

uint32_t learn_free_length(struct learner *learner, unsigned shape)
{
	struct template *template =
		template_free_length(learner_pressure_length(shape),
				     learner_pressure_begins_with_value(shape));
	uint64_t match = match_shape(template);
	const uint64_t *known = table_get(&learner->free_text, match);
	struct learner_change change = {
		.general = template,
		.reason =
			"free text: a flood of messages of this length, each of which "
			"was seen once, filled the learner",
		.depth = 1,
	};

	if (known != NULL) {
		template_free(&template);
		return (uint32_t)*known;
	}
	apply_change(learner, &change);
	known = table_get(&learner->free_text, match);
	return known == NULL ? ENTRY_NONE : (uint32_t)*known;
}
