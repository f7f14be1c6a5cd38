/* rules_test.c - runs the cases that rules bring along */
#include "base/arena.h"
#include "base/buf.h"
#include "pipeline/front.h"
#include "pipeline/rules_set.h"

struct tester {
	const struct rules *rules;
	struct rules_scratch *scratch;
	struct arena arena;
	rules_failure_fn *failed;
	void *context;
};

/* both passes, as a lane does it; the message itself is the template */
static bool match_in_passes(struct tester *tester, const struct rule_subject *subject,
			    size_t index)
{
	struct rule_set always = { 0 };
	struct rule_set maybe = { 0 };
	struct rule_set matched = { 0 };

	rules_judge_template(tester->rules, tester->scratch, subject, &always, &maybe);
	rules_judge_event(tester->rules, tester->scratch, subject, &maybe, &matched);
	return rule_set_has(&always, index) || rule_set_has(&matched, index);
}

/* false when the case fails */
static bool run_case(struct tester *tester, size_t index, struct slice line,
		     bool should)
{
	const struct rule *rule = &tester->rules->entries[index].rule;
	struct front_config config = { 0 };
	struct record record = { 0 };
	struct rule_subject subject = { 0 };
	struct buf text = { 0 };
	bool matches = false;

	arena_reset(&tester->arena);
	parse_record(line, &config, 0, &tester->arena, &record);
	subject = (struct rule_subject){ &record, record.body };
	matches = rules_match_one(tester->rules, tester->scratch, &subject, index);
	/* a specific rule may go before a generic one, so only one way is certain */
	if (matches && !rule->generic && !match_in_passes(tester, &subject, index))
		matches = false;
	if (matches == should)
		return true;
	buf_printf(&text, "rule %s %s match: %.*s", rule->id,
		   should ? "should" : "should not", (int)slice_head(line, 200).len,
		   line.ptr);
	buf_append_char(&text, '\0');
	tester->failed(tester->context, text.data);
	buf_deinit(&text);
	return false;
}

static size_t run_list(struct tester *tester, size_t index, const struct slices *lines,
		       bool should)
{
	size_t failures = 0;

	for (size_t i = 0; i < lines->count; i++)
		failures += !run_case(tester, index, lines->items[i], should);
	return failures;
}

size_t rules_test(const struct rules *rules, size_t *cases, rules_failure_fn *failed,
		  void *context)
{
	struct tester tester = {
		.rules = rules,
		.scratch = rules_scratch_new(rules),
		.failed = failed,
		.context = context,
	};
	size_t failures = 0;

	*cases = 0;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];

		failures += run_list(&tester, i, &entry->should, true);
		failures += run_list(&tester, i, &entry->should_not, false);
		*cases += entry->should.count + entry->should_not.count;
	}
	arena_deinit(&tester.arena);
	rules_scratch_free(&tester.scratch);
	return failures;
}
