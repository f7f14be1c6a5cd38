/* learner_pairs.c - which of a guard's templates are near a new leaf, and in what */
#include "pipeline/learner_pairs.h"

#include "pipeline/byte_class.h"
#include "pipeline/learner_match.h"

#define PLACES_TOGETHER_MAX 3
/* words that remain: less says too little of what the messages share */
#define WORDS_LEFT_MIN 2
#define TEXTS_MIN 3

struct near {
	uint32_t slot;
	uint16_t places[PLACES_TOGETHER_MAX];
	uint8_t count;
};

struct scan {
	const struct learner *learner;
	const struct template *leaf;
	struct near near[PAIR_MEMBERS_MAX];
	size_t count;
};

static const struct template *template_at(const struct learner *learner, uint32_t slot)
{
	return learner->store.entries[slot].template;
}

static bool may_vary(uint8_t class)
{
	return class != TOKEN_NAME && class != TOKEN_KEYS && class != TOKEN_REST;
}

/* where it differs from the leaf, unless that is in too many places */
static void look_at(struct scan *scan, uint32_t slot)
{
	const struct template *other = template_at(scan->learner, slot);
	struct near *near = &scan->near[scan->count];

	*near = (struct near){ .slot = slot };
	for (size_t i = 1; i < scan->leaf->count; i++) {
		const struct template_token *a = &scan->leaf->tokens[i];
		const struct template_token *b = &other->tokens[i];

		if (a->hash == b->hash)
			continue;
		if (near->count == PLACES_TOGETHER_MAX || !may_vary(a->class) ||
		    !may_vary(b->class))
			return;
		near->places[near->count++] = (uint16_t)i;
	}
	scan->count += near->count > 0;
}

static void look_around(struct scan *scan)
{
	const struct learner *learner = scan->learner;
	const uint64_t *place =
		table_get(&learner->guards.by_key, match_guard_key(scan->leaf));
	const struct learner_guard *guard = NULL;
	size_t first = 0;

	if (place == NULL)
		return;
	guard = &learner->guards.items[*place];
	for (size_t i = 0; i < guard->leaves_count; i++) {
		if (learner_store_is_alone(&learner->store, guard->leaves[i]))
			look_at(scan, guard->leaves[i]);
	}
	if (guard->generalised_count > PAIR_GENERALISED_MAX)
		first = guard->generalised_count - PAIR_GENERALISED_MAX;
	for (size_t i = first; i < guard->generalised_count; i++)
		look_at(scan, guard->generalised[i]);
}

static bool is_within(const struct near *near, const struct near *places)
{
	size_t k = 0;

	for (size_t i = 0; i < near->count; i++) {
		while (k < places->count && places->places[k] != near->places[i])
			k++;
		if (k == places->count)
			return false;
	}
	return true;
}

static size_t words_left(const struct template *leaf, const struct near *places)
{
	size_t words = leaf->words;

	for (size_t i = 0; i < places->count; i++) {
		uint8_t class = leaf->tokens[places->places[i]].class;

		words -= class == TOKEN_WORD || class == TOKEN_NAME;
	}
	return words;
}

/* RUNNING, AUTO_CLOSE: states and options are named so, and seldom values */
static bool is_symbol(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '_' && !byte_is(text.ptr[i], BYTE_UPPER))
			return false;
	}
	return true;
}

/* "No child processes": words side by side are a phrase rather than two values */
static bool is_phrase(const struct template *leaf, const struct near *places)
{
	for (size_t i = 1; i < places->count; i++) {
		size_t at = places->places[i];

		if (places->places[i - 1] == at - 1 &&
		    leaf->tokens[at].class == TOKEN_WORD &&
		    leaf->tokens[at - 1].class == TOKEN_WORD)
			return true;
	}
	return false;
}

/* different texts at a place; TEXTS_MIN when a variable is one of them */
static size_t texts_at(const struct scan *scan, const struct pair_find *found,
		       size_t place)
{
	uint64_t seen[PAIR_MEMBERS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < found->count; i++) {
		const struct template_token *token =
			&template_at(scan->learner, found->members[i])->tokens[place];
		size_t k = 0;

		if (token->class == TOKEN_VARIABLE)
			return TEXTS_MIN;
		if (is_symbol(template_text(
			    template_at(scan->learner, found->members[i]), place)))
			continue;
		while (k < count && seen[k] != token->hash)
			k++;
		if (k == count)
			seen[count++] = token->hash;
	}
	return count;
}

static bool vary_together(const struct scan *scan, const struct near *places,
			  uint32_t slot, struct pair_find *out)
{
	*out = (struct pair_find){ .members = { slot }, .count = 1 };
	if (places->count < 2 || is_phrase(scan->leaf, places) ||
	    words_left(scan->leaf, places) < WORDS_LEFT_MIN)
		return false;
	for (size_t i = 0; i < scan->count && out->count < PAIR_MEMBERS_MAX; i++) {
		if (is_within(&scan->near[i], places))
			out->members[out->count++] = scan->near[i].slot;
	}
	for (size_t i = 0; i < places->count; i++) {
		if (texts_at(scan, out, places->places[i]) < TEXTS_MIN)
			return false;
		wild_add(out->wild, places->places[i]);
	}
	return true;
}

bool pairs_find(const struct learner *learner, uint32_t slot, struct pair_find *out)
{
	struct scan scan = { .learner = learner, .leaf = template_at(learner, slot) };

	if (scan.leaf->words < WORDS_LEFT_MIN)
		return false;
	look_around(&scan);
	for (size_t i = 0; i < scan.count; i++) {
		if (vary_together(&scan, &scan.near[i], slot, out))
			return true;
	}
	return false;
}
