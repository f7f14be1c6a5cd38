/* test_rules.c - reading rules, patterns, judging in two passes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "pipeline/rules.h"
#include "pipeline/rules_set.h"

#define HEAD "id: r\ntitle: t\nseverity: LOW\nconfidence: 0.5\n"

static struct rules *compile(const char *text)
{
	struct yaml_doc *docs = NULL;
	struct rules *rules = NULL;
	struct error error = { 0 };

	if (yaml_parse(slice_str(text), "t", &docs, &error) != 0 ||
	    rules_compile(docs, &rules, &error) != 0)
		fail_msg("%s", error.text);
	yaml_docs_free(&docs);
	return rules;
}

static const struct {
	const char *text;
	const char *error;
} error_cases[] = {
	{ HEAD "mtach: {}\n", "t:5:1: unknown key \"mtach\", did you mean \"match\"?" },
	{ HEAD "colour: red\n", "t:5:1: unknown key \"colour\"" },
	{ HEAD, "t:1:1: a rule needs \"match\"" },
	{ "id: R\n", "t:1:1: an id is up to 64 of a-z, 0-9 and _, not \"R\"" },
	{ "id: r\ntitle: t\nseverity: URGENT\n",
	  "t:3:1: a severity is LOW, MED, HIGH or CRIT" },
	{ "id: r\ntitle: t\nseverity: LOW\nconfidence: 85\n",
	  "t:4:1: a confidence is a number from 0 to 1, such as 0.85" },
	{ "id: r\ntitle: t\nseverity: LOW\nconfidence: 1.01\n",
	  "t:4:1: a confidence is a number from 0 to 1, such as 0.85" },
	{ HEAD "match:\n  mesage: {words: x}\n",
	  "t:6:3: unknown key \"mesage\", did you mean \"message\"?" },
	{ HEAD "match: {message: {word: x}}\n",
	  "t:5:19: unknown key \"word\", did you mean \"words\"?" },
	{ HEAD "match: {group: {words: x}}\n", "t:5:9: unknown key \"group\"" },
	{ HEAD "match: {message: x}\n", "t:5:9: expected a mapping" },
	{ HEAD "match: {any: []}\n", "t:5:9: expected a list of conditions" },
	{ HEAD "match: {level: {words: ERROR}}\n", "t:5:17: level takes only equals" },
	{ HEAD "match: {level: {equals: LOUD}}\n",
	  "t:5:9: a level is TRACE, DEBUG, INFO, NOTICE, WARN, ERROR or "
	  "CRITICAL" },
	{ HEAD "match: {message: {regex: 'a(b'}}\n",
	  "t:5:19: rule r: pattern \"a(b\": Missing close parenthesis for group "
	  "started at index 1." },
	{ HEAD "match: {message: {regex: [x, 'x(?=y']}}\n",
	  "t:5:30: pattern \"x(?=y\": missing closing parenthesis, at byte 5" },
	{ HEAD "match: {message: {regex: '(?<a>1)(?<b>2)(?<c>3)(?<d>4)(?<e>5)(?<f>6)"
	       "(?<g>7)(?<h>8)(?<i>9)'}}\n",
	  "t:5:19: a rule has at most 8 named groups" },
	{ HEAD "match: {message: {words: \"a\\0b\"}}\n",
	  "t:5:19: a text holds no NUL byte" },
	{ HEAD "match: {message: {words: x}}\n---\n" HEAD
	       "match: {message: {words: x}}\n",
	  "t:7:1: a rule \"r\" is there already" },
	{ HEAD "match: {message: {words: x}}\ngroup_by: message\n",
	  "t:6:1: group_by is service, host, level, kind, group or "
	  "attributes.NAME" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: threshold, count: 1, within: 1m}\n",
	  "t:6:27: a window's count is 2 to 1000000000" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: threshold, count: 5, within: 8d}\n",
	  "t:6:37: a window spans 1s to 7d" },
	{ HEAD "match: {message: {words: x}}\nwindow: {type: thresold}\n",
	  "t:6:10: a window's type is threshold, spike, rate_ratio, cardinality, "
	  "sequence, new_group or flatline" },
	{ HEAD "match: {message: {words: x}}\nwindow: {type: spike, within: 1m}\n",
	  "t:6:1: a window of spike needs \"count\"" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: threshold, count: 5, within: 1m, ratio: 0.5}\n",
	  "t:6:49: a window of threshold has no \"ratio\"" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: rate_ratio, count: 5, within: 1m, ratio: 1.5}\n",
	  "t:6:50: a ratio is above 0 and at most 1, such as 0.05" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: spike, count: 5, within: 1m, factor: 1, baseline: 1h}\n",
	  "t:6:45: a factor is more than 1, such as 3 or 2.5" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: spike, count: 5, within: 1m, factor: 2, baseline: 2m}\n",
	  "t:6:56: a baseline is 3 to 100 times as long as within" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: cardinality, count: 2000, within: 1m, field: host}\n",
	  "t:6:29: a window's count is 2 to 1000" },
	{ HEAD "match: {message: {words: x}}\n"
	       "window: {type: sequence, within: 1m, then: {massage: {words: y}}}\n",
	  "t:6:45: unknown key \"massage\", did you mean \"message\"?" },
	{ HEAD "match: {message: {words: x}}\ngroup_by: host\n"
	       "window: {type: new_group, learn: 1d}\n",
	  "t:1:1: a window of new_group has group_by: group" },
	{ HEAD "match: {message: {words: x}}\nquiet: 1s\n",
	  "t:6:1: quiet is 1m to 30d" },
	{ HEAD "match: {message: {words: x}}\ngeneric: true\n"
	       "window: {type: threshold, count: 5, within: 1m}\n",
	  "t:1:1: a generic rule has no window" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(error_cases); i++) {
		struct yaml_doc *docs = NULL;
		struct rules *rules = NULL;
		struct error error = { 0 };

		assert_int_equal(
			yaml_parse(slice_str(error_cases[i].text), "t", &docs, &error),
			0);
		assert_int_equal(rules_compile(docs, &rules, &error), -1);
		assert_string_equal(error.text, error_cases[i].error);
		assert_null(rules);
		yaml_docs_free(&docs);
	}
}

static void test_read_rule(void **state)
{
	struct rules *rules =
		compile("id: burst\ntitle: A burst\ndescription: |\n  Two\n  lines.\n"
			"severity: CRIT\nconfidence: 0.85\n"
			"first_checks: [look here, then there]\n"
			"window: {type: threshold, count: 5, within: 1m}\n"
			"group_by: attributes.user\nmatch: {message: {words: x}}\n"
			"---\nid: any\ntitle: Any\nseverity: HIGH\nconfidence: 1\n"
			"generic: true\nmatch: {message: {words: fail}}\n");
	const struct rule *rule = rules_get(rules, 0);

	(void)state;
	assert_int_equal(rules_count(rules), 2);
	assert_string_equal(rule->id, "burst");
	assert_string_equal(rule->description, "Two\nlines.");
	assert_string_equal(finding_severity_name(rule->severity), "CRIT");
	assert_int_equal(rule->confidence, 85);
	assert_int_equal(rule->first_checks_count, 2);
	assert_string_equal(rule->first_checks[1], "then there");
	assert_int_equal(rule->window.type, WINDOW_THRESHOLD);
	assert_int_equal(rule->window.count, 5);
	assert_int_equal(rule->window.span_us, 60000000);
	assert_true(rule->grouped);
	assert_int_equal(rule->group_by, RULE_FIELD_ATTRIBUTE);
	assert_true(slice_equal(rule->group_attribute, SLICE("user")));
	assert_int_equal(rule_severity(rule, SEVERITY_ERROR), FINDING_CRIT);
	rule = rules_get(rules, 1);
	assert_int_equal(rule->confidence, 100);
	assert_true(rule->generic);
	assert_false(rule->grouped);
	assert_int_equal(rule_severity(rule, SEVERITY_ERROR), FINDING_HIGH);
	assert_int_equal(rule_severity(rule, SEVERITY_CRITICAL), FINDING_CRIT);
	rules_free(&rules);
	assert_null(rules);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *expression;
		bool constant;
		const char *relaxed; /* NULL: none */
	} cases[] = {
		{ "connection\\s+refused", true, "connection\\s+refused" },
		{ "status[=: ]+429\\b", false, "status[=: ]+(?:\\d[\\d.:,-]*)\\b" },
		{ "code (401|403)", false,
		  "code ((?:\\d[\\d.:,-]*)|(?:\\d[\\d.:,-]*))" },
		{ "took \\d{3,} ms", false, "took (?:\\d[\\d.:,-]*)? ms" },
		{ "v 1\\.2", false, "v (?:\\d[\\d.:,-]*)" },
		{ "x{3}", true, "x{0,3}" },
		{ "[a-f]+ x", true, "[a-f]+ x" },
		{ "[a-z0-9] x", false, "[a-z0-9] x" },
		{ "[!-~] x", false, "[!-~] x" },
		{ "timeout.*db", false, "timeout.*db" },
		{ "[^ ]x", false, "[^ ]x" },
		{ "\\w+ x", false, "\\w+ x" },
		{ "\\x34 x", false, "(?:\\d[\\d.:,-]*) x" },
		{ "\\d+ms", false, NULL },
		{ "\\x2d7", false, "\\x2d(?:\\d[\\d.:,-]*)" },
		{ "\\x417", false, NULL },
		{ "[\\x41]7", false, NULL },
		{ "[a-z]+5", false, NULL },
		{ "(x)5", false, NULL },
		{ "[: ]?5", false, "[: ]?(?:\\d[\\d.:,-]*)" },
		{ "v4", false, NULL },
		{ "1 2", false, NULL },
		{ "(1|x) 2", false, NULL },
		{ "(?i)x", false, NULL },
		{ "[[:digit:]]", false, NULL },
		{ "a\\p{L}", false, NULL },
		{ "a{x", false, NULL },
		{ "[a", false, NULL },
		{ "[]0-9]", false, NULL },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice expression = slice_str(cases[i].expression);
		struct slice relaxed = pattern_relax(&arena, expression);

		assert_int_equal(pattern_is_constant(expression), cases[i].constant);
		if (cases[i].relaxed == NULL) {
			assert_null(relaxed.ptr);
		} else {
			assert_non_null(relaxed.ptr);
			assert_string_equal(relaxed.ptr, cases[i].relaxed);
		}
	}
	assert_string_equal(pattern_of_words(&arena, SLICE("  too  many ")).ptr,
			    "\\btoo[\\s_-]+many\\b");
	assert_string_equal(pattern_of_words(&arena, SLICE("(x.y)")).ptr,
			    "\\x28x\\x2ey\\x29");
	arena_deinit(&arena);
}

/* one event judged by one rule: conditions and fields */
static const struct {
	const char *match;
	const char *message;
	bool matches;
} condition_cases[] = {
	{ "message: {words: connection refused}", "Connection  REFUSED by", 1 },
	{ "message: {words: connection refused}", "connection_refused", 1 },
	{ "message: {words: connection refused}", "connections refused", 0 },
	{ "message: {words: connection refused}", "connection refusedly", 0 },
	{ "message: {words: [a, b]}", "x b", 1 },
	{ "message: {words: beside it}", "x", 1 },
	{ "message: {words: a}\n  not: {message: {words: beside}}", "a", 0 },
	{ "message: {words: a}\n  service: {equals: db}", "a", 1 },
	{ "message: {words: a}\n  service: {equals: web}", "a", 0 },
	{ "any: [{message: {words: a}}, {message: {words: b}}]", "b", 1 },
	{ "all: [{message: {words: a}}, {message: {words: b}}]", "b", 0 },
	{ "all: [{message: {words: a}}, {message: {words: b}}]", "b a", 1 },
	{ "message: {words: a}\n  not: {message: {words: b}}", "a", 1 },
	{ "message: {words: a}\n  not: {message: {words: b}}", "a b", 0 },
	{ "not: [{message: {words: a}}, {message: {words: b}}]", "c", 1 },
	{ "not: [{message: {words: a}}, {message: {words: b}}]", "b", 0 },
	{ "host: {regex: '^db-\\d+$'}", "x", 1 },
	{ "host: {words: db}", "x", 1 },
	{ "service: {words: db-7}", "x", 0 },
	{ "level: {equals: [info, WARN]}", "x", 1 },
	{ "level: {equals: ERROR}", "x", 0 },
	{ "attributes.code: {equals: '429'}", "x", 1 },
	{ "attributes.code: {regex: '^5'}", "x", 0 },
	{ "attributes.code: {regex: '^4'}", "x", 1 },
	{ "attributes.none: {equals: '429'}", "x", 0 },
	{ "template: {words: <num> items}", "7 items", 0 },
	{ "message: {equals: exactly}", "EXACTLY", 1 },
	{ "message: {equals: exactly}", "exactly so", 0 },
	{ "message: {regex: '^second$'}", "first\nsecond\nthird", 1 },
	{ "message: {regex: 'a.b'}", "a\nb", 0 },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(condition_cases); i++) {
		struct buf text = { 0 };
		struct record record = { .severity = SEVERITY_WARN };
		struct rule_subject subject = { .record = &record };
		struct rules *rules = NULL;
		struct rules_scratch *scratch = NULL;
		struct rule_set always = { 0 };
		struct rule_set maybe = { 0 };
		struct rule_set matched = { 0 };

		buf_printf(&text, HEAD "match:\n  %s\n", condition_cases[i].match);
		buf_append_char(&text, '\0');
		rules = compile(text.data);
		scratch = rules_scratch_new(rules);
		record.body = slice_str(condition_cases[i].message);
		record.service_name = SLICE("db");
		record.host_name = SLICE("db-7");
		record_add_attribute(&record, SLICE("code"), SLICE("429"));
		record_add_attribute(&record, SLICE("error"), SLICE("beside it"));
		subject.template_text = record.body;
		rules_judge_template(rules, scratch, &subject, &always, &maybe);
		rules_judge_event(rules, scratch, &subject, &maybe, &matched);
		rule_set_add(&matched, &always);
		if (rule_set_has(&matched, 0) != condition_cases[i].matches)
			fail_msg("%s on %s", condition_cases[i].match,
				 condition_cases[i].message);
		rules_scratch_free(&scratch);
		rules_free(&rules);
		buf_deinit(&text);
	}
}

/* what pass 1 says of a template: always, maybe or never */
static const struct {
	const char *match;
	const char *message;
	const char *template;
	char verdict;
} template_cases[] = {
	{ "message: {words: refused}", "refused by 1.2.3.4", "refused by <ip>", 'a' },
	{ "message: {words: timeout}", "refused by 1.2.3.4", "refused by <ip>", 'n' },
	{ "message: {words: timeout}", "user bob", "user <user>", 'm' },
	{ "message: {words: timeout}", "error timeout", "error <*>", 'm' },
	{ "message: {words: status 429}", "status 200", "status <num>", 'm' },
	{ "message: {words: status 429}", "took 200", "took <num>", 'n' },
	{ "message: {words: status 429}", "status 429", "status 429", 'a' },
	{ "message: {words: status 429}", "status 200", "status 200", 'n' },
	{ "message: {regex: 'status=\\d+'}", "status=9", "status=<num>", 'm' },
	{ "message: {regex: '\\d+ms'}", "took 5ms", "took <dur>", 'm' },
	{ "message: {words: Caused by}", "x\n at y", "x <num>", 'm' },
	{ "message: {words: a}\n  not: {message: {words: b}}", "a", "a", 'a' },
	{ "message: {words: a}\n  not: {message: {words: b}}", "a b", "a b", 'n' },
	{ "message: {words: a}\n  not: {message: {words: b}}", "a c", "a <*>", 'm' },
	{ "message: {words: a}\n  service: {equals: s}", "a", "a", 'm' },
	{ "message: {words: b}\n  service: {equals: s}", "a", "a", 'n' },
	{ "attributes.none: {equals: s}", "a", "a", 'n' },
	{ "attributes.code: {equals: '1'}", "a", "a", 'm' },
	{ "level: {equals: INFO}", "a", "a", 'm' },
	{ "template: {words: num items}", "7 items", "<num> items", 'n' },
	{ "template: {regex: '<num> items'}", "7 items", "<num> items", 'a' },
};

static void test_templates(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(template_cases); i++) {
		struct buf text = { 0 };
		struct record record = { .severity = SEVERITY_INFO };
		struct rule_subject subject = { .record = &record };
		struct rules *rules = NULL;
		struct rules_scratch *scratch = NULL;
		struct rule_set always = { 0 };
		struct rule_set maybe = { 0 };
		char verdict = 'n';

		buf_printf(&text, HEAD "match:\n  %s\n", template_cases[i].match);
		buf_append_char(&text, '\0');
		rules = compile(text.data);
		scratch = rules_scratch_new(rules);
		record.body = slice_str(template_cases[i].message);
		record_add_attribute(&record, SLICE("code"), SLICE("429"));
		subject.template_text = slice_str(template_cases[i].template);
		rules_judge_template(rules, scratch, &subject, &always, &maybe);
		assert_false(rule_set_has(&always, 0) && rule_set_has(&maybe, 0));
		if (rule_set_has(&always, 0))
			verdict = 'a';
		else if (rule_set_has(&maybe, 0))
			verdict = 'm';
		if (verdict != template_cases[i].verdict)
			fail_msg("%s on %s: %c", template_cases[i].match,
				 template_cases[i].template, verdict);
		rules_scratch_free(&scratch);
		rules_free(&rules);
		buf_deinit(&text);
	}
}

static void test_generic(void **state)
{
	static const struct {
		const char *message;
		enum severity severity;
		unsigned matched; /* bits: specific 1, windowed 2, generic 4 */
	} cases[] = {
		{ "failed: disk full", SEVERITY_ERROR, 1 },
		{ "failed: login", SEVERITY_ERROR, 2 | 4 },
		{ "failed: other", SEVERITY_CRITICAL, 4 },
		{ "failed: other", SEVERITY_WARN, 0 },
		{ "disk full", SEVERITY_INFO, 1 },
		{ "fine", SEVERITY_ERROR, 0 },
	};
	struct rules *rules =
		compile(HEAD "match: {message: {words: disk full}}\n---\n"
			     "id: w\ntitle: t\nseverity: LOW\nconfidence: 0.5\n"
			     "window: {type: threshold, count: 5, within: 1m}\n"
			     "match: {message: {words: login}}\n---\n"
			     "id: g\ntitle: t\nseverity: LOW\nconfidence: 0.5\n"
			     "generic: true\nmatch: {message: {words: failed}}\n");
	struct rules_scratch *scratch = rules_scratch_new(rules);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct record record = { .severity = cases[i].severity,
					 .body = slice_str(cases[i].message) };
		struct rule_subject subject = { &record, record.body };
		struct rule_set always = { 0 };
		struct rule_set maybe = { 0 };
		struct rule_set matched = { 0 };

		rules_judge_template(rules, scratch, &subject, &always, &maybe);
		assert_false(rule_set_has(&always, 2) || rule_set_has(&maybe, 2));
		rules_judge_event(rules, scratch, &subject, &maybe, &matched);
		rule_set_add(&matched, &always);
		assert_int_equal(matched.bits[0], cases[i].matched);
	}
	rules_scratch_free(&scratch);
	rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),    cmocka_unit_test(test_read_rule),
		cmocka_unit_test(test_patterns),  cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_templates), cmocka_unit_test(test_generic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
