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

#define SET_WORDS (RULES_MAX / 64)

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

struct slice rule_subject_text(const struct rule_subject *subject,
			       enum rule_field field, struct slice attribute)
{
	const struct record *record = subject->record;

	switch (field) {
	case RULE_FIELD_MESSAGE:
		return record->body;
	case RULE_FIELD_TEMPLATE:
		return subject->template_text;
	case RULE_FIELD_SERVICE:
		return record->service_name;
	case RULE_FIELD_HOST:
		return record->host_name;
	case RULE_FIELD_ATTRIBUTE:
		return record_attribute(record, attribute);
	case RULE_FIELD_LEVEL:
	case RULE_FIELD_GROUP:
		break;
	}
	return (struct slice){ 0 };
}

bool rule_leaf_equals(const struct rule_subject *subject, const struct condition *leaf)
{
	struct slice text = { 0 };

	if (leaf->field == RULE_FIELD_LEVEL)
		return (leaf->levels >> subject->record->severity & 1) != 0;
	if (leaf->equals.count == 0)
		return false;
	text = rule_subject_text(subject, leaf->field, leaf->attribute);
	for (size_t i = 0; text.ptr != NULL && i < leaf->equals.count; i++) {
		if (slice_equal_nocase(text, leaf->equals.items[i]))
			return true;
	}
	return false;
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

static void scan_targets(const struct rules *rules, struct rules_scratch *scratch,
			 const struct rule_subject *subject,
			 const struct rule_set *judged, size_t words)
{
	for (size_t i = 0; i < rules->targets_count; i++) {
		const struct scan_target *target = &rules->targets[i];
		struct slice text = { 0 };

		if (!intersect(&target->rules, judged, words))
			continue;
		text = slice_head(
			rule_subject_text(subject, target->field, target->attribute),
			RULES_TEXT_MAX);
		if (text.len == 0)
			continue;
		scratch->target = i;
		rules_scan_check(hs_scan(rules->database, text.ptr, (unsigned)text.len,
					 0, scratch->scan, on_match, scratch));
	}
}

/* those of judged whose condition holds */
static void match_event(const struct rules *rules, struct rules_scratch *scratch,
			const struct rule_subject *subject,
			const struct rule_set *judged, struct rule_set *matched)
{
	struct event_context context = { scratch, subject };
	size_t words = (rules->count + 63) / 64;

	next_stamp(scratch);
	scratch->candidates = rules->unscanned;
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

	*matched = (struct rule_set){ 0 };
	if (!intersect(judged, &rules->all, SET_WORDS))
		return;
	match_event(rules, scratch, subject, judged, matched);
	if (!intersect(matched, &rules->specific, SET_WORDS))
		return;
	for (size_t i = 0; i < SET_WORDS; i++)
		matched->bits[i] &= ~rules->generic.bits[i];
}
