/* test_rules_shipped.c - over the lines of the shipped rules, judging in two passes
 * says what judging each event says
 *
 * A template is judged with the line that made it; then other lines of the same
 * template, which differ in their numbers, are judged by that verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "pipeline/front.h"
#include "pipeline/learner.h"
#include "pipeline/normalize.h"
#include "pipeline/rules_set.h"

/* Numbers that shipped rules look for, and one that none does. */
static const char *const numbers[] = { "401", "429", "504", "137", "200" };

struct agreement {
	struct rules *rules;
	struct rules_scratch *scratch;
	struct learner *learner;
	struct arena arena;
	struct tokens tokens;
	struct buf text;
	struct buf line;
	struct record record;
	uint64_t leaf;
	/* of the line that made the template */
	struct rule_set always, maybe;
	struct rule_set every; /* but the generic ones, which look at errors only */
	size_t settled;        /* verdicts that pass 1 settled */
	size_t verdicts;
	size_t siblings; /* other lines that were judged by a template's verdict */
};

static void read_line(struct agreement *a, struct slice line)
{
	struct front_config config = { 0 };

	a->record = (struct record){ 0 };
	parse_record(line, &config, 0, &a->arena, &a->record);
	a->record.severity = SEVERITY_INFO; /* from ERROR on, pass 1 does not count */
	normalize_record(&a->record, &a->tokens);
	a->leaf = normalize_fingerprint(&a->tokens);
}

/* a rule of which nothing is found has the verdict that walking its tree gives */
static void check_unfound(struct agreement *a, const struct rule_subject *subject)
{
	for (size_t i = 0; i < rules_count(a->rules); i++) {
		bool may = rule_set_has(&a->always, i) || rule_set_has(&a->maybe, i);

		if (!rules_get(a->rules, i)->generic)
			assert_int_equal(may, rules_may_match(a->rules, a->scratch,
							      subject, true, i));
	}
}

static void judge_template(struct agreement *a)
{
	struct rule_subject subject = { .record = &a->record };
	uint64_t key = learner_key(a->learner, a->leaf, &a->tokens, &a->record);

	buf_clear(&a->text);
	assert_true(learner_text(a->learner, key, &a->text));
	subject.template_text = buf_slice(&a->text);
	rules_judge_template(a->rules, a->scratch, &subject, &a->always, &a->maybe);
	check_unfound(a, &subject);
}

static void judge_event(struct agreement *a)
{
	struct rule_subject subject = { &a->record, buf_slice(&a->text) };
	struct rule_set matched = { 0 };
	struct rule_set expected = { 0 };

	rules_judge_event(a->rules, a->scratch, &subject, &a->every, &expected);
	rules_judge_event(a->rules, a->scratch, &subject, &a->maybe, &matched);
	rule_set_add(&matched, &a->always);
	for (size_t i = 0; i < rules_count(a->rules); i++) {
		if (rule_set_has(&matched, i) != rule_set_has(&expected, i))
			fail_msg("%s on %.*s, template %.*s",
				 rules_get(a->rules, i)->id, (int)a->record.raw.len,
				 a->record.raw.ptr, (int)a->text.len, a->text.data);
		a->settled += !rule_set_has(&a->maybe, i);
		a->verdicts++;
	}
}

/* every run of three or more digits becomes the number */
static void put_number(struct buf *out, struct slice line, const char *number)
{
	buf_clear(out);
	for (size_t i = 0; i < line.len;) {
		size_t end = i;

		while (end < line.len && line.ptr[end] >= '0' && line.ptr[end] <= '9')
			end++;
		if (end - i >= 3)
			buf_append_str(out, number);
		else
			buf_append(out, line.ptr + i, end > i ? end - i : 1);
		i = end > i ? end : i + 1;
	}
}

static void judge_line(struct agreement *a, struct slice line)
{
	uint64_t leaf = 0;

	read_line(a, line);
	judge_template(a);
	judge_event(a);
	leaf = a->leaf;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		put_number(&a->line, line, numbers[i]);
		read_line(a, buf_slice(&a->line));
		if (a->leaf != leaf)
			continue;
		judge_event(a);
		a->siblings++;
	}
}

static void judge_lines(struct agreement *a, const struct slices *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		judge_line(a, lines->items[i]);
}

/* without a relaxed form, pass 1 settles nothing for the rule of a pattern of digits */
static void check_patterns_relax(const struct rules *rules)
{
	assert_non_null(rules->databases[RULES_RELAXED]);
	for (size_t i = 0; i < rules->patterns_count; i++) {
		const struct pattern *pattern = &rules->patterns[i];

		if (!pattern->constant && pattern->relaxed == NULL)
			fail_msg("rule %s: \"%s\" has no relaxed form",
				 rules->entries[pattern->rule].rule.id,
				 pattern->expression);
	}
}

/* the two passes agree with judging each event, over all lines of all shipped rules and
 * with the templates that the learner makes of them; and pass 1 is worth its while */
static void test_shipped_rules(void **state)
{
	struct agreement a = { .learner = learner_new(&(struct learner_config){
				       .templates_max = 10000,
				       .buckets_max = 10000,
				       .bytes_max = 1 << 24 }) };
	struct error error = { 0 };

	(void)state;
	if (rules_load_folder(SIFTD_SOURCE_DIR "/conf/rules", &a.rules, &error) != 0)
		fail_msg("%s", error.text);
	check_patterns_relax(a.rules);
	a.scratch = rules_scratch_new(a.rules);
	for (size_t i = 0; i < rules_count(a.rules); i++) {
		if (!rules_get(a.rules, i)->generic)
			rule_set_put(&a.every, i);
	}
	for (size_t i = 0; i < rules_count(a.rules); i++) {
		const struct rule_entry *entry = &a.rules->entries[i];

		assert_true(entry->should.count >= 5);
		assert_true(entry->should_not.count >= 5);
		judge_lines(&a, &entry->should);
		judge_lines(&a, &entry->should_not);
	}
	assert_true(a.siblings > rules_count(a.rules) * 10);
	assert_true(a.settled * 2 > a.verdicts);
	rules_scratch_free(&a.scratch);
	rules_free(&a.rules);
	learner_free(&a.learner);
	arena_deinit(&a.arena);
	buf_deinit(&a.text);
	buf_deinit(&a.line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
