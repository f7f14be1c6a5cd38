/* rules_match.c - pass 2: the rules that match one event
 *
 * Each text that rules look at is scanned once for all of them. A pattern that is found
 * marks its leaf with the stamp of the event, and its rule as a candidate; only the
 * trees of candidates are walked, so that a set of a thousand rules costs a quiet event
 * no more than the scan.
 */
#include "pipeline/rules.h"

#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/rules_scratch.h"

struct rules_scratch *rules_scratch_new(const struct rules *rules)
{
	struct rules_scratch *scratch = mem_calloc(1, sizeof(*scratch));

	scratch->rules = rules;
	scratch->leaf_stamps =
		mem_calloc(rules->leaves_count, sizeof(*scratch->leaf_stamps));
	scratch->found = mem_calloc(rules->patterns_count, sizeof(*scratch->found));
	if (rules->confirms)
		scratch->confirm = rules_confirm_data_new();
	if (rules->scratch != NULL)
		rules_scan_check(hs_clone_scratch(rules->scratch, &scratch->scan));
	return scratch;
}

void rules_scratch_free(struct rules_scratch **scratch_ptr)
{
	struct rules_scratch *scratch = *scratch_ptr;

	if (scratch == NULL)
		return;
	(void)hs_free_scratch(scratch->scan); /* NULL is fine; it is idle */
	mem_free(scratch->leaf_stamps);
	mem_free(scratch->found);
	rules_confirm_data_free(&scratch->confirm);
	buf_deinit(&scratch->masked);
	mem_free(scratch);
	*scratch_ptr = NULL;
}

void rules_scan_check(hs_error_t result)
{
	if (UNLIKELY(result != HS_SUCCESS && result != HS_SCAN_TERMINATED))
		abort(); /* wrong use of the library, or no memory for a scratch */
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
		    unsigned flags, void *context)
{
	struct rules_scratch *scratch = context;
	const struct pattern *pattern = &scratch->rules->patterns[id];

	(void)from;
	(void)to;
	(void)flags;
	/* the database holds the patterns of all texts */
	if (pattern->target == scratch->target &&
	    (!pattern->prefiltered ||
	     rules_confirm_found(pattern->confirm, scratch->confirm, scratch->text))) {
		scratch->leaf_stamps[pattern->leaf] = scratch->stamp;
		rule_set_put(&scratch->candidates, pattern->rule);
	}
	return 0;
}

static void next_stamp(struct rules_scratch *scratch)
{
	if (++scratch->stamp != 0)
		return;
	memset(scratch->leaf_stamps, 0,
	       scratch->rules->leaves_count * sizeof(*scratch->leaf_stamps));
	scratch->stamp = 1;
}

struct event_context {
	const struct rules_scratch *scratch;
	const struct rule_subject *subject;
};

static enum truth event_leaf_truth(void *context, const struct condition *leaf)
{
	const struct event_context *event = context;
	bool found = leaf->patterns_count > 0 &&
		     event->scratch->leaf_stamps[leaf->index] == event->scratch->stamp;

	return found || rule_leaf_equals(event->subject, leaf) ? TRUTH_YES : TRUTH_NO;
}

static void scan(struct rules_scratch *scratch, const struct rules_scan *scan,
		 struct slice text)
{
	text = slice_head(text, RULES_TEXT_MAX);
	scratch->text = text;
	if (text.len > 0)
		rules_scan_check(hs_scan(scan->database, text.ptr, (unsigned)text.len,
					 0, scratch->scan, scan->on_match, scratch));
}

void rules_scan_targets(struct rules_scratch *scratch, const struct rules_scan *wanted,
			const struct rule_subject *subject,
			const struct rule_set *judged)
{
	const struct rules *rules = scratch->rules;
	size_t words = rules_set_words(rules);

	for (size_t i = 0; i < rules->targets_count; i++) {
		const struct scan_target *target = &rules->targets[i];
		size_t cursor = 0;
		struct slice text = { 0 };

		if (!rules_intersect(&target->rules, judged, words))
			continue;
		scratch->target = i;
		scan(scratch, wanted,
		     rule_subject_text(subject, target->field, target->attribute));
		while (target->field == RULE_FIELD_MESSAGE &&
		       rule_subject_error_text(subject, &cursor, &text))
			scan(scratch, wanted, text);
	}
}

/* those that may be true by an attribute that the record has */
static void add_by_attributes(struct rules_scratch *scratch,
			      const struct record *record)
{
	const struct rules *rules = scratch->rules;
	uint64_t keys = 0;

	for (size_t i = 0; i < record->attributes_count; i++)
		keys |= rules_key_bit(record->attributes[i].key);
	if ((keys & rules->attribute_keys) == 0)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		if ((keys & rules->entries[i].attribute_keys) != 0)
			rule_set_put(&scratch->candidates, i);
	}
}

/* those of judged whose condition holds */
static void match_event(const struct rules *rules, struct rules_scratch *scratch,
			const struct rule_subject *subject,
			const struct rule_set *judged, struct rule_set *matched)
{
	const struct rules_scan found = { rules->databases[RULES_EXACT], on_match };
	struct event_context context = { scratch, subject };
	size_t words = rules_set_words(rules);

	next_stamp(scratch);
	for (size_t i = 0; i < words; i++)
		scratch->candidates.bits[i] = rules->unscanned_bare.bits[i];
	add_by_attributes(scratch, subject->record);
	rules_scan_targets(scratch, &found, subject, judged);
	for (size_t i = 0; i < words; i++) {
		uint64_t left = scratch->candidates.bits[i] & judged->bits[i];

		for (; left != 0; left &= left - 1) {
			size_t index = i * 64 + (size_t)__builtin_ctzll(left);

			if (condition_truth(rules->entries[index].match,
					    event_leaf_truth, &context) == TRUTH_YES)
				rule_set_put(matched, index);
		}
	}
}

bool rules_want_template(const struct rules *rules, const struct rule_set *maybe)
{
	return rules_intersect(&rules->templated, maybe, rules_set_words(rules));
}

bool rules_match_one(const struct rules *rules, struct rules_scratch *scratch,
		     const struct rule_subject *subject, size_t index)
{
	struct rule_set judged = { 0 };
	struct rule_set matched = { 0 };

	if (rules->entries[index].rule.generic &&
	    subject->record->severity < SEVERITY_ERROR)
		return false;
	rule_set_put(&judged, index);
	match_event(rules, scratch, subject, &judged, &matched);
	return rule_set_has(&matched, index);
}

void rules_judge_event(const struct rules *rules, struct rules_scratch *scratch,
		       const struct rule_subject *subject, const struct rule_set *maybe,
		       struct rule_set *matched)
{
	const struct rule_set *judged = rules_judged(rules, subject->record, maybe);
	size_t words = rules_set_words(rules);

	*matched = (struct rule_set){ 0 };
	if (!rules_intersect(judged, &rules->all, words))
		return;
	match_event(rules, scratch, subject, judged, matched);
	if (!rules_intersect(matched, &rules->specific, words))
		return;
	for (size_t i = 0; i < words; i++)
		matched->bits[i] &= ~rules->generic.bits[i];
}
