/* rules_match.c - pass 2: the rules that match one event
 *
 * Each text that rules look at is scanned once for all of them. A pattern that is found
 * marks its leaf with the stamp of the event, and its rule as a candidate; only the
 * trees of candidates are walked, so that a set of a thousand rules costs a quiet event
 * no more than the scan.
 */
#include "pipeline/rules_match.h"

#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/rules_scratch.h"

/* of a rule_set, as far as rules go */
static size_t set_words(const struct rules *rules)
{
	return (rules->count + 63) / 64;
}

struct rules_scratch *rules_scratch_new(const struct rules *rules)
{
	struct rules_scratch *scratch = mem_calloc(1, sizeof(*scratch));

	scratch->rules = rules;
	scratch->leaf_stamps =
		mem_calloc(rules->leaves_count, sizeof(*scratch->leaf_stamps));
	scratch->found = mem_calloc(rules->patterns_count, sizeof(*scratch->found));
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
	buf_deinit(&scratch->masked);
	mem_free(scratch);
	*scratch_ptr = NULL;
}

void rules_scan_check(hs_error_t result)
{
	if (UNLIKELY(result != HS_SUCCESS))
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
	if (pattern->target == scratch->target) {
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

static bool intersect(const struct rule_set *a, const struct rule_set *b, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if ((a->bits[i] & b->bits[i]) != 0)
			return true;
	}
	return false;
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

static void scan(struct rules_scratch *scratch, struct slice text)
{
	text = slice_head(text, RULES_TEXT_MAX);
	if (text.len > 0)
		rules_scan_check(hs_scan(scratch->rules->database, text.ptr,
					 (unsigned)text.len, 0, scratch->scan, on_match,
					 scratch));
}

static void scan_targets(const struct rules *rules, struct rules_scratch *scratch,
			 const struct rule_subject *subject,
			 const struct rule_set *judged, size_t words)
{
	for (size_t i = 0; i < rules->targets_count; i++) {
		const struct scan_target *target = &rules->targets[i];
		size_t cursor = 0;
		struct slice text = { 0 };

		if (!intersect(&target->rules, judged, words))
			continue;
		scratch->target = i;
		scan(scratch,
		     rule_subject_text(subject, target->field, target->attribute));
		while (target->field == RULE_FIELD_MESSAGE &&
		       rule_subject_error_text(subject, &cursor, &text))
			scan(scratch, text);
	}
}

/* those of judged whose condition holds */
static void match_event(const struct rules *rules, struct rules_scratch *scratch,
			const struct rule_subject *subject,
			const struct rule_set *judged, struct rule_set *matched)
{
	struct event_context context = { scratch, subject };
	size_t words = set_words(rules);

	next_stamp(scratch);
	scratch->candidates = subject->record->attributes_count > 0
				      ? rules->unscanned
				      : rules->unscanned_bare;
	scan_targets(rules, scratch, subject, judged, words);
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
	bool all = subject->record->severity >= SEVERITY_ERROR;
	const struct rule_set *judged = all ? &rules->all : maybe;
	size_t words = set_words(rules);

	*matched = (struct rule_set){ 0 };
	if (!intersect(judged, &rules->all, words))
		return;
	match_event(rules, scratch, subject, judged, matched);
	if (!intersect(matched, &rules->specific, words))
		return;
	for (size_t i = 0; i < words; i++)
		matched->bits[i] &= ~rules->generic.bits[i];
}
