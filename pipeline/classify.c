/* classify.c - a cache of leaves in front of the learner, and the two passes of the
 * rules
 *
 * A template's rule sets are the same for most templates (none at all), so they are
 * kept once per distinct content, and a template holds an index.
 */
#include "pipeline/classify.h"

#include "base/buf.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/normalize.h"
#include "pipeline/shape_cache.h"

struct verdict_sets {
	struct rule_set always;
	struct rule_set maybe;
	bool has_always;
	bool has_maybe;
	bool settled; /* `always` is all there is to say, at every level */
};

struct leaf {
	uint64_t template_key;
	uint32_t sets;
};

struct classifier {
	struct learner *learner;
	struct rules *rules;
	struct rules_scratch *scratch;
	size_t templates_max;
	struct table leaves_index; /* fingerprint -> place in leaves */
	struct leaf *leaves;
	size_t leaves_count, leaves_capacity;
	struct table sets_index; /* hash of the content -> place in sets + 1 */
	struct verdict_sets *sets;
	size_t sets_count, sets_capacity;
	uint32_t generation;
	struct tokens tokens;
	struct rule_set matched;
	struct buf text;
	struct classifier_stats stats;
};

struct classifier *classifier_new(struct learner *learner, struct rules *rules,
				  size_t templates_max)
{
	struct classifier *classifier = mem_calloc(1, sizeof(*classifier));

	classifier->learner = learner;
	classifier->rules = rules;
	classifier->templates_max = templates_max;
	if (rules != NULL)
		classifier->scratch = rules_scratch_new(rules);
	return classifier;
}

void classifier_free(struct classifier **classifier_ptr)
{
	struct classifier *classifier = *classifier_ptr;

	if (classifier == NULL)
		return;
	rules_scratch_free(&classifier->scratch);
	table_deinit(&classifier->leaves_index);
	table_deinit(&classifier->sets_index);
	mem_free(classifier->leaves);
	mem_free(classifier->sets);
	buf_deinit(&classifier->text);
	mem_free(classifier);
	*classifier_ptr = NULL;
}

static bool set_is_empty(const struct rule_set *set)
{
	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++) {
		if (set->bits[i] != 0)
			return false;
	}
	return true;
}

static uint32_t intern_sets(struct classifier *classifier,
			    const struct verdict_sets *sets)
{
	uint64_t hash = hash64(slice_of((const char *)sets, sizeof(*sets)), 0);
	bool added = false;
	uint64_t *place = table_put(&classifier->sets_index, hash, &added);

	if (added) {
		mem_grow(&classifier->sets, &classifier->sets_capacity,
			 classifier->sets_count, sizeof(*classifier->sets));
		classifier->sets[classifier->sets_count] = *sets;
		*place = classifier->sets_count++;
	}
	return (uint32_t)*place;
}

static uint32_t judge_template(struct classifier *classifier, uint64_t key,
			       const struct record *record)
{
	struct verdict_sets sets;
	struct rule_subject subject = { .record = record };

	memset(&sets, 0, sizeof(sets)); /* padding too: the content is hashed */
	if (classifier->rules == NULL)
		return intern_sets(classifier, &sets);
	buf_clear(&classifier->text);
	if (learner_text(classifier->learner, key, &classifier->text))
		subject.template_text = buf_slice(&classifier->text);
	rules_judge_template(classifier->rules, classifier->scratch, &subject,
			     &sets.always, &sets.maybe);
	sets.has_always = !set_is_empty(&sets.always);
	sets.has_maybe = !set_is_empty(&sets.maybe);
	return intern_sets(classifier, &sets);
}

static void restart_cache(struct classifier *classifier)
{
	table_clear(&classifier->leaves_index);
	classifier->leaves_count = 0;
	classifier->generation++;
	classifier->stats.restarts++;
}

void classifier_set_rules(struct classifier *classifier, struct rules *rules)
{
	rules_scratch_free(&classifier->scratch);
	classifier->rules = rules;
	if (rules != NULL)
		classifier->scratch = rules_scratch_new(rules);
	restart_cache(classifier);
	table_clear(&classifier->sets_index);
	classifier->sets_count = 0;
}

/* Passing leaves share the slot of their template, and each is judged: such a template
 * has messages of all kinds. */
static uint32_t add_leaf(struct classifier *classifier, uint64_t fingerprint,
			 const struct record *record)
{
	struct leaf *leaf = NULL;
	uint64_t *place = NULL;
	bool passing = false;
	bool added = false;

	classifier->stats.misses++;
	if (classifier->leaves_count >= classifier->templates_max)
		restart_cache(classifier);
	mem_grow(&classifier->leaves, &classifier->leaves_capacity,
		 classifier->leaves_count, sizeof(*classifier->leaves));
	leaf = &classifier->leaves[classifier->leaves_count];
	leaf->template_key = learner_ask(classifier->learner, fingerprint,
					 &classifier->tokens, record, &passing);
	leaf->sets = judge_template(classifier, leaf->template_key, record);
	place = table_put(&classifier->leaves_index,
			  passing ? leaf->template_key : fingerprint, &added);
	if (added)
		*place = classifier->leaves_count++;
	else
		classifier->leaves[*place].sets = leaf->sets;
	return (uint32_t)*place;
}

static bool needs_pass_2(const struct verdict_sets *sets, const struct record *record)
{
	return !sets->settled &&
	       (sets->has_maybe || record->severity >= SEVERITY_ERROR);
}

/* what pass 2 looks at; most rules never ask for the template's text there */
static struct rule_subject subject_of(struct classifier *classifier, uint64_t key,
				      const struct verdict_sets *sets,
				      const struct record *record)
{
	struct rule_subject subject = { .record = record };

	if (!rules_want_template(classifier->rules, &sets->maybe))
		return subject;
	buf_clear(&classifier->text);
	if (learner_text(classifier->learner, key, &classifier->text))
		subject.template_text = buf_slice(&classifier->text);
	return subject;
}

static const struct rule_set *judge_event(struct classifier *classifier, uint64_t key,
					  uint32_t verdict, const struct record *record)
{
	const struct verdict_sets *sets = &classifier->sets[verdict];
	struct rule_subject subject = { 0 };

	if (!needs_pass_2(sets, record))
		return sets->has_always ? &sets->always : NULL;
	subject = subject_of(classifier, key, sets, record);
	rules_judge_event(classifier->rules, classifier->scratch, &subject,
			  &sets->maybe, &classifier->matched);
	if (sets->has_always)
		rule_set_add(&classifier->matched, &sets->always);
	return set_is_empty(&classifier->matched) ? NULL : &classifier->matched;
}

/* the verdict on all records of the shape, or the leaf's where digits decide */
static uint32_t judge_shape(struct classifier *classifier, const struct leaf *leaf,
			    const struct record *record)
{
	const struct verdict_sets *sets = &classifier->sets[leaf->sets];
	struct rule_subject subject = { 0 };
	struct verdict_sets settled;

	if (classifier->rules == NULL || !needs_pass_2(sets, record))
		return leaf->sets;
	memset(&settled, 0, sizeof(settled)); /* padding too: the content is hashed */
	subject = subject_of(classifier, leaf->template_key, sets, record);
	if (!rules_judge_shape(classifier->rules, classifier->scratch, &subject,
			       &sets->maybe, &settled.always))
		return leaf->sets;
	rule_set_add(&settled.always, &sets->always);
	settled.has_always = !set_is_empty(&settled.always);
	settled.settled = true;
	return intern_sets(classifier, &settled);
}

/* false: what is hashed holds digits, whose values are not the shape's */
static bool is_of_shape(const struct tokens *tokens)
{
	for (size_t i = 0; i < tokens->folded_len; i++) {
		if (lex_is(tokens->folded[i], LEX_DIGIT))
			return false;
	}
	return true;
}

static void find_leaf(struct classifier *classifier, const struct record *record,
		      struct classified *out)
{
	const uint64_t *known = NULL;

	normalize_record(record, &classifier->tokens);
	out->fingerprint = normalize_fingerprint(&classifier->tokens);
	known = table_get(&classifier->leaves_index, out->fingerprint);
	out->known = known != NULL;
	if (LIKELY(known != NULL)) {
		classifier->stats.hits++;
		out->slot = (uint32_t)*known;
	} else {
		out->slot = add_leaf(classifier, out->fingerprint, record);
	}
}

/* by the shape, when it knows */
static const struct shape_class *find_class(const struct classifier *classifier,
					    const struct record *record)
{
	const struct shape_class *class = NULL;

	if (record->shape == NULL)
		return NULL;
	class = shape_class_of(record->shape);
	return class->owner == classifier && class->generation == classifier->generation
		       ? class
		       : NULL;
}

/* a leaf that the cache had by its own fingerprint: passing ones are judged each time
 */
static void learn_class(struct classifier *classifier, const struct record *record,
			const struct classified *classified)
{
	if (classified->known && record->shape != NULL &&
	    is_of_shape(&classifier->tokens))
		*shape_class_of(record->shape) = (struct shape_class){
			.owner = classifier,
			.fingerprint = classified->fingerprint,
			.slot = classified->slot,
			.generation = classifier->generation,
			.verdict = judge_shape(classifier,
					       &classifier->leaves[classified->slot],
					       record),
		};
}

void classifier_run(struct classifier *classifier, const struct record *record,
		    struct classified *out)
{
	const struct shape_class *class = find_class(classifier, record);
	const struct leaf *leaf = NULL;
	uint32_t verdict = 0;

	if (class != NULL) {
		out->fingerprint = class->fingerprint;
		out->slot = class->slot;
		out->known = true;
		classifier->stats.hits++;
		classifier->stats.shaped++;
	} else {
		find_leaf(classifier, record, out);
		learn_class(classifier, record, out);
	}
	leaf = &classifier->leaves[out->slot];
	verdict = class != NULL ? class->verdict : leaf->sets;
	out->template_key = leaf->template_key;
	out->slots_generation = classifier->generation;
	out->rules = classifier->rules;
	out->matched =
		classifier->rules == NULL
			? NULL
			: judge_event(classifier, leaf->template_key, verdict, record);
}

const struct classifier_stats *classifier_stats(const struct classifier *classifier)
{
	return &classifier->stats;
}
