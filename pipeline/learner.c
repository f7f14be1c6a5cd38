/* learner.c - the learner's interface: one lock around each call */
#include "pipeline/learner.h"

#include "base/mem.h"
#include "pipeline/learner_adopt.h"
#include "pipeline/learner_core.h"
#include "pipeline/learner_learn.h"
#include "pipeline/learner_match.h"
#include "pipeline/learner_regroup.h"

#define SAMPLE_MAX 4096
#define ALIASES_MAX 65536
#define PASSING_ONE_IN 32

struct learner *learner_new(const struct learner_config *config)
{
	struct learner *learner = mem_calloc(1, sizeof(*learner));

	learner->config = *config;
	if (config->templates_max == 0)
		learner->config.templates_max = 32768;
	if (config->buckets_max == 0)
		learner->config.buckets_max = 1000000;
	if (config->bytes_max == 0)
		learner->config.bytes_max = (size_t)128 * 1024 * 1024;
	(void)pthread_mutex_init(&learner->lock, NULL); /* cannot fail on Linux */
	learner_store_init(&learner->store);
	learner->shapes = mem_calloc(SHAPES, sizeof(*learner->shapes));
	learner->unsettled = ENTRY_NONE;
	return learner;
}

void learner_free(struct learner **learner_ptr)
{
	struct learner *learner = *learner_ptr;

	*learner_ptr = NULL;
	if (learner == NULL)
		return;
	learner_store_deinit(&learner->store);
	learner_buckets_deinit(&learner->buckets);
	learner_guards_deinit(&learner->guards);
	learner_journal_deinit(&learner->journal);
	table_deinit(&learner->aliases);
	table_deinit(&learner->by_content);
	table_deinit(&learner->free_text);
	mem_free(learner->shapes);
	(void)pthread_mutex_destroy(&learner->lock); /* nobody holds it */
	mem_free(learner);
}

static void lock(struct learner *learner)
{
	(void)pthread_mutex_lock(&learner->lock); /* a plain mutex cannot fail */
}

static void unlock(struct learner *learner)
{
	(void)pthread_mutex_unlock(&learner->lock); /* as above */
}

/* the leaf matches what was learned before: nothing is learned from it */
static uint32_t add_alias(struct learner *learner, uint64_t leaf, uint32_t slot)
{
	/* matching again gives the same answer, so forgetting all of them is safe */
	if (learner->aliases.count >= ALIASES_MAX)
		table_clear(&learner->aliases);
	*table_put(&learner->aliases, leaf, NULL) = slot;
	return slot;
}

/* a flood of new messages like this one: not learned before it comes again. One in
 * PASSING_ONE_IN is learned all the same, so that what they may have in common is seen.
 */
static uint32_t let_pass(struct learner *learner, uint64_t leaf,
			 const struct template *template, const struct record *record)
{
	unsigned shape = learner_pressure_shape(template);
	uint32_t slot = ENTRY_NONE;

	if (!learner_pressure_note(&learner->pressure, shape,
				   record->observed_timestamp_us,
				   learn_is_full(learner)) ||
	    template->count == 0 || leaf % PASSING_ONE_IN == 0 ||
	    learner_pressure_seen(&learner->pressure, leaf))
		return ENTRY_NONE;
	slot = learn_free_length(learner, shape);
	learner->passed += slot != ENTRY_NONE;
	return slot;
}

static uint32_t learn(struct learner *learner, uint64_t leaf,
		      const struct tokens *tokens, const struct record *record,
		      bool *passing)
{
	const struct template *template = template_outline(&learner->outline, tokens);
	uint32_t slot = 0;

	learn_settle(learner);
	slot = match_find(learner, template);
	if (slot != ENTRY_NONE)
		return add_alias(learner, leaf, slot);
	slot = let_pass(learner, leaf, template, record);
	*passing = slot != ENTRY_NONE;
	return *passing ? slot : learn_leaf(learner, leaf, template_new(tokens));
}

uint64_t learner_ask(struct learner *learner, uint64_t leaf,
		     const struct tokens *tokens, const struct record *record,
		     bool *passing)
{
	const uint64_t *alias = NULL;
	uint32_t slot = ENTRY_NONE;
	uint64_t key = 0;

	*passing = false;
	lock(learner);
	slot = learner_store_find(&learner->store, leaf);
	alias = table_get(&learner->aliases, leaf);
	if (slot == ENTRY_NONE && alias != NULL)
		slot = (uint32_t)*alias;
	if (slot == ENTRY_NONE) {
		learner->sample = slice_head(record->raw, SAMPLE_MAX);
		slot = learn(learner, leaf, tokens, record, passing);
	} else {
		learner->store.entries[slot].used = true;
	}
	key = learner->store.entries[slot].key;
	learn_evict(learner);
	unlock(learner);
	return key;
}

uint64_t learner_key(struct learner *learner, uint64_t leaf,
		     const struct tokens *tokens, const struct record *record)
{
	bool passing = false;

	return learner_ask(learner, leaf, tokens, record, &passing);
}

uint64_t learner_root(struct learner *learner, uint64_t key)
{
	uint32_t slot = 0;
	uint64_t root = key;

	lock(learner);
	slot = learner_store_find(&learner->store, key);
	if (slot != ENTRY_NONE) {
		slot = learner_store_root(&learner->store, slot);
		root = learner->store.entries[slot].key;
	}
	unlock(learner);
	return root;
}

bool learner_text(struct learner *learner, uint64_t key, struct buf *out)
{
	uint32_t slot = 0;

	lock(learner);
	slot = learner_store_find(&learner->store, key);
	if (slot != ENTRY_NONE)
		template_render(learner->store.entries[slot].template, TEMPLATE_TYPED,
				out);
	unlock(learner);
	return slot != ENTRY_NONE;
}

bool learner_group_text(struct learner *learner, uint64_t key,
			enum template_style style, struct buf *out)
{
	uint32_t slot = 0;

	lock(learner);
	slot = learner_store_find(&learner->store, key);
	if (slot != ENTRY_NONE) {
		const struct learner_entry *root = learner_store_entry(
			&learner->store, learner_store_root(&learner->store, slot));

		if (root->general != ENTRY_NONE)
			root = learner_store_entry(&learner->store, root->general);
		template_render(root->template, style, out);
	}
	unlock(learner);
	return slot != ENTRY_NONE;
}

static void add_wild(const struct template *template, uint64_t wild[WILD_WORDS])
{
	for (size_t i = 0; i < template->count; i++) {
		if (template->tokens[i].hash == template_variable_hash())
			wild_add(wild, i);
	}
}

bool learner_wild(struct learner *learner, uint64_t key, const struct tokens *tokens,
		  uint64_t wild[WILD_WORDS])
{
	uint32_t slot = 0;
	bool fits = false;

	memset(wild, 0, WILD_WORDS * sizeof(*wild));
	lock(learner);
	slot = learner_store_find(&learner->store, key);
	if (slot != ENTRY_NONE) {
		const struct learner_entry *entry =
			learner_store_entry(&learner->store, slot);
		const struct learner_entry *root = learner_store_entry(
			&learner->store, learner_store_root(&learner->store, slot));

		fits = entry->template->count == tokens->count;
		if (fits)
			add_wild(entry->template, wild);
		/* an older leaf varies where its group does by now */
		if (fits && root->general != ENTRY_NONE) {
			const struct template *general =
				learner->store.entries[root->general].template;

			if (match_covers(general, entry->template))
				add_wild(general, wild);
		}
	}
	unlock(learner);
	return fits;
}

static struct slice copy_bytes(struct arena *arena, struct slice bytes)
{
	return bytes.ptr == NULL ? bytes : arena_dup(arena, bytes);
}

size_t learner_events(struct learner *learner, uint64_t after, struct arena *arena,
		      struct learner_event *out, size_t max)
{
	size_t count = 0;

	lock(learner);
	count = learner_journal_read(&learner->journal, after, out, max);
	for (size_t i = 0; i < count; i++) {
		out[i].tokens = copy_bytes(arena, out[i].tokens);
		out[i].text = copy_bytes(arena, out[i].text);
		out[i].sample = copy_bytes(arena, out[i].sample);
		out[i].reason = copy_bytes(arena, out[i].reason);
	}
	unlock(learner);
	return count;
}

void learner_trim(struct learner *learner, uint64_t up_to)
{
	lock(learner);
	learner_journal_trim(&learner->journal, up_to);
	unlock(learner);
}

static int restore_template(struct learner *learner, const struct learner_event *event,
			    struct error *error)
{
	struct template *template = NULL;
	uint32_t root = learner_store_find(&learner->store, event->root);
	uint32_t ended = 0;
	uint32_t slot = 0;

	if (learner_store_find(&learner->store, event->key) != ENTRY_NONE)
		return 0;
	template = template_parse(event->tokens);
	if (template == NULL)
		return error_set(error, "template %016llx: tokens are malformed",
				 (unsigned long long)event->key);
	slot = learn_restored(learner, event->key, template, event->generalised);
	if (root != ENTRY_NONE && root != slot)
		(void)learner_store_unite(&learner->store, slot, root,
					  &ended); /* one group already is fine */
	if (event->held)
		learner->store.entries[learner_store_root(&learner->store, slot)].held =
			true;
	return 0;
}

static int restore_merge(struct learner *learner, const struct learner_event *event,
			 struct error *error)
{
	uint32_t kept = learner_store_find(&learner->store, event->key);
	uint32_t gone = learner_store_find(&learner->store, event->root);
	uint32_t ended = 0;

	if (kept == ENTRY_NONE || gone == ENTRY_NONE)
		return error_set(error, "merge of %016llx into %016llx: unknown key",
				 (unsigned long long)event->root,
				 (unsigned long long)event->key);
	(void)learner_store_unite(&learner->store, kept, gone,
				  &ended); /* one group already is fine */
	return 0;
}

int learner_restore(struct learner *learner, const struct learner_event *event,
		    struct error *error)
{
	int result = 0;

	lock(learner);
	if (event->type == LEARNER_TEMPLATE)
		result = restore_template(learner, event, error);
	else
		result = restore_merge(learner, event, error);
	unlock(learner);
	return result;
}

static int adopt_template(struct learner *learner, const struct learner_event *event,
			  struct error *error)
{
	if (learner_store_find(&learner->store, event->key) != ENTRY_NONE)
		return 0;
	if (restore_template(learner, event, error) < 0)
		return -1;
	adopt_unite(learner, learner_store_find(&learner->store, event->key));
	learn_settle(learner);
	learn_evict(learner);
	return 0;
}

int learner_adopt(struct learner *learner, const struct learner_event *event,
		  struct error *error)
{
	int result = 0;

	lock(learner);
	if (event->type == LEARNER_TEMPLATE)
		result = adopt_template(learner, event, error);
	else if (learner_store_find(&learner->store, event->key) != ENTRY_NONE &&
		 learner_store_find(&learner->store, event->root) != ENTRY_NONE)
		result = restore_merge(learner, event, error);
	unlock(learner);
	return result;
}

void learner_regroup(struct learner *learner, const struct learner_move *moves,
		     size_t count)
{
	lock(learner);
	regroup(learner, moves, count);
	unlock(learner);
}

void learner_read_stats(struct learner *learner, struct learner_stats *out)
{
	lock(learner);
	*out = (struct learner_stats){
		.leaves = learner->store.leaves,
		.generalised = learner->store.generalised,
		.groups = learner->store.groups,
		.buckets = learner_buckets_count(&learner->buckets),
		.evicted = learner->evicted,
		.passed = learner->passed,
		.refused = learner->refused,
		.free_text = learner->free_texts,
		.bytes = learner->store.bytes +
			 learner_buckets_count(&learner->buckets) *
				 sizeof(struct learner_bucket),
	};
	unlock(learner);
}
