/* learner_apply.c - buckets fire, generalised templates are made, groups merge */
#include "pipeline/learner_apply.h"

#include <stdio.h>

#include "base/hash64.h"
#include "pipeline/learner_match.h"
#include "pipeline/learner_places.h"

/* a generalised template may fire buckets in turn; each step makes one variable */
#define DEPTH_MAX 8
#define GENERALISED_SEED ((uint64_t)1 << 32 | NORMALIZE_VERSION)

static struct template *template_at(const struct learner *learner, uint32_t slot)
{
	return learner->store.entries[slot].template;
}

static void journal_template(struct learner *learner, uint32_t slot, const char *reason)
{
	const struct learner_entry *entry = &learner->store.entries[slot];
	struct buf text = { 0 };
	struct learner_event event = { .type = LEARNER_TEMPLATE,
				       .key = entry->key,
				       .root = entry->key,
				       .generalised = entry->generalised,
				       .tokens = { entry->template->bytes,
						   entry->template->bytes_len },
				       .sample = learner->sample,
				       .reason = slice_str(reason) };

	template_render(entry->template, TEMPLATE_TYPED, &text);
	event.text = buf_slice(&text);
	learner_journal_add(&learner->journal, &event);
	buf_deinit(&text);
}

/* a person made its group */
static bool is_held(struct learner *learner, uint32_t slot)
{
	return learner->store.entries[learner_store_root(&learner->store, slot)].held;
}

void apply_unite(struct learner *learner, uint32_t a, uint32_t b, const char *reason)
{
	uint32_t ended = 0;
	struct learner_event event = { .type = LEARNER_MERGE,
				       .reason = slice_str(reason) };

	if (is_held(learner, a) && is_held(learner, b))
		return;
	if (!learner_store_unite(&learner->store, a, b, &ended))
		return;
	event.root = learner->store.entries[ended].key;
	event.key = learner->store.entries[learner_store_root(&learner->store, a)].key;
	learner_journal_add(&learner->journal, &event);
}

static void register_generalised(struct learner *learner, uint32_t slot)
{
	const struct template *template = template_at(learner, slot);

	if (template_is_free_text(template)) {
		*table_put(&learner->free_text, match_shape(template), NULL) = slot;
		learner->free_texts++;
		return;
	}
	learner_guard_add_generalised(
		learner_guards_put(&learner->guards, match_guard_key(template)), slot);
	*table_put(&learner->by_content, match_content_key(template), NULL) = slot;
}

/* where a template could vary, and which places it shares with others */
struct entered {
	struct place places[PLACES_MAX];
	bool shared[PLACES_MAX];
	size_t count;
};

static void add_to_buckets(struct learner *learner, uint32_t slot,
			   struct entered *entered)
{
	entered->count = places_of(template_at(learner, slot), entered->places);
	for (size_t i = 0; i < entered->count; i++) {
		const struct place *place = &entered->places[i];
		const struct learner_bucket *bucket = learner_buckets_add(
			&learner->buckets, place->key, slot, place->class);

		/* a full one takes no more */
		entered->shared[i] = bucket == NULL || bucket->count > 1;
	}
}

/* what tells a member from the others of its bucket. Soft places count groups: members
 * that are one already say nothing new. A leaf and the template made of it have one
 * content. */
static uint64_t member_value(struct learner *learner, uint32_t slot,
			     enum place_kind kind)
{
	if (kind == PLACE_SOFT)
		return learner_store_root(&learner->store, slot);
	return template_at(learner, slot)->content;
}

static size_t distinct_members(struct learner *learner,
			       const struct learner_bucket *bucket,
			       enum place_kind kind)
{
	uint64_t values[BUCKET_MEMBERS_MAX];
	size_t count = 0;

	if (bucket->count == 1)
		return 1;
	for (size_t i = 0; i < bucket->count; i++) {
		uint64_t value = member_value(learner, bucket->members[i], kind);
		size_t k = 0;

		while (k < count && values[k] != value)
			k++;
		if (k == count)
			values[count++] = value;
	}
	return count;
}

static void describe(char *reason, size_t size, const struct place *place, size_t seen)
{
	if (place->kind == PLACE_SOFT)
		(void)snprintf(reason, size,
			       "%zu groups differed only in names and values", seen);
	else
		(void)snprintf(reason, size,
			       "%zu different texts were seen in place of %s %u", seen,
			       place->kind == PLACE_TAIL    ? "what begins at token"
			       : place->kind == PLACE_FIELD ? "the field at token"
							    : "token",
			       place->first + 1u);
}

static void try_fire(struct learner *learner, uint32_t slot, const struct place *place,
		     unsigned depth)
{
	const struct learner_bucket *bucket =
		learner_buckets_get(&learner->buckets, place->key);
	const struct template *template = template_at(learner, slot);
	uint32_t members[BUCKET_MEMBERS_MAX];
	uint64_t wild[WILD_WORDS];
	char reason[96];
	struct learner_change change = { .members = members,
					 .reason = reason,
					 .depth = depth + 1 };
	size_t seen = 0;

	if (bucket == NULL)
		return;
	seen = distinct_members(learner, bucket, place->kind);
	if (seen < 2 || seen < places_needed(template, place, bucket))
		return;
	describe(reason, sizeof(reason), place, seen);
	change.members_count = bucket->count;
	memcpy(members, bucket->members, sizeof(members));
	places_wild(template, place, wild);
	if (place->kind == PLACE_TAIL)
		change.general = template_open(template, place->first, place->count);
	else if (place->kind == PLACE_FIELD)
		change.general =
			template_collapse(template, place->first, place->count);
	else
		change.general = template_generalise(template, wild);
	apply_change(learner, &change);
}

static void fire_buckets(struct learner *learner, uint32_t slot,
			 const struct entered *entered, unsigned depth)
{
	size_t made = learner->store.generalised;

	for (size_t i = 0; i < entered->count; i++) {
		/* a template that was made meanwhile may have joined a bucket */
		if (entered->shared[i] || learner->store.generalised != made)
			try_fire(learner, slot, &entered->places[i], depth);
	}
}

static void unite_all_covered(struct learner *learner, uint32_t general,
			      const char *reason)
{
	const struct template *template = template_at(learner, general);

	for (uint32_t slot = 0; slot < learner->store.entries_count; slot++) {
		const struct learner_entry *entry = &learner->store.entries[slot];

		if (entry->template != NULL && slot != general && !entry->generalised &&
		    match_covers(template, entry->template))
			apply_unite(learner, slot, general, reason);
	}
}

/* leaves of the guard that it covers, though no bucket held them */
static void unite_covered(struct learner *learner, uint32_t general, const char *reason)
{
	const struct template *template = template_at(learner, general);
	const struct learner_guard *guard =
		learner_guards_get(&learner->guards, match_guard_key(template));

	for (size_t i = 0; guard != NULL && i < guard->leaves_count; i++) {
		if (match_covers(template, template_at(learner, guard->leaves[i])))
			apply_unite(learner, guard->leaves[i], general, reason);
	}
}

/* the first word became a variable: it covers leaves of many guards */
static bool begins_anew(const struct learner *learner,
			const struct learner_change *change)
{
	if (change->general->tokens[0].class != TOKEN_VARIABLE)
		return false;
	for (size_t i = 0; i < change->members_count; i++) {
		const struct template *member =
			template_at(learner, change->members[i]);

		if (member->tokens[0].class != TOKEN_VARIABLE)
			return true;
	}
	return false;
}

static uint64_t key_of(const struct template *template)
{
	uint64_t key = template_fingerprint(template, GENERALISED_SEED);

	/* its text is the same for all shapes of a length */
	if (template_is_free_text(template))
		return hash64_mix(key, match_shape(template));
	return template_opening(template) == SIZE_MAX ? key
						      : hash64_mix(key, TOKEN_REST);
}

void apply_change(struct learner *learner, const struct learner_change *change)
{
	struct template *template = change->general;
	uint64_t key = key_of(template);
	uint32_t slot = learner_store_find(&learner->store, key);
	bool known = slot != ENTRY_NONE;
	struct entered entered;

	/* generalised templates are never evicted, so they are bounded here; those of a
	 * length are few, and what remains when all else is full */
	if (!known && learner->store.generalised >= learner->config.templates_max / 2 &&
	    !template_is_free_length(template)) {
		template_free(&template);
		learner->refused++;
		return;
	}
	if (known) {
		template_free(&template);
	} else {
		slot = learner_store_add(&learner->store, key, template, true);
		journal_template(learner, slot, change->reason);
		register_generalised(learner, slot);
	}
	for (size_t i = 0; i < change->members_count; i++)
		apply_unite(learner, change->members[i], slot, change->reason);
	if (known || template_is_free_text(template_at(learner, slot)))
		return;
	if (begins_anew(learner, change))
		unite_all_covered(learner, slot, change->reason);
	else
		unite_covered(learner, slot, change->reason);
	add_to_buckets(learner, slot, &entered);
	if (change->depth < DEPTH_MAX)
		fire_buckets(learner, slot, &entered, change->depth);
}

void apply_leaf(struct learner *learner, uint32_t slot)
{
	struct entered entered;

	journal_template(learner, slot, "its own text");
	if (template_at(learner, slot)->count < 2)
		return;
	add_to_buckets(learner, slot, &entered);
	fire_buckets(learner, slot, &entered, 0);
}

void apply_restored(struct learner *learner, uint32_t slot)
{
	const struct template *template = template_at(learner, slot);
	struct entered entered;

	if (learner->store.entries[slot].generalised)
		register_generalised(learner, slot);
	if (template->count >= 2 && !template_is_free_text(template))
		add_to_buckets(learner, slot, &entered);
}
