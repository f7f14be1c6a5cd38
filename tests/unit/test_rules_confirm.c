/* test_rules_confirm.c - patterns that PCRE2 confirms, and what named groups hold */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "pipeline/front.h"
#include "pipeline/rules_set.h"

#define HEAD "id: r\ntitle: t\nseverity: LOW\nconfidence: 0.5\n"

struct fixture {
	struct rules *rules;
	struct rules_scratch *scratch;
	struct arena arena;
	struct record record;
};

static void setup(struct fixture *f, const char *match)
{
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	struct buf text = { 0 };

	*f = (struct fixture){ 0 };
	buf_printf(&text, HEAD "match: %s\n", match);
	if (yaml_parse(buf_slice(&text), "t", &docs, &error) != 0 ||
	    rules_compile(docs, &f->rules, &error) != 0)
		fail_msg("%s: %s", match, error.text);
	yaml_docs_free(&docs);
	buf_deinit(&text);
	f->scratch = rules_scratch_new(f->rules);
}

static void teardown(struct fixture *f)
{
	rules_scratch_free(&f->scratch);
	rules_free(&f->rules);
	arena_deinit(&f->arena);
}

static void read_line(struct fixture *f, const char *line)
{
	struct front_config config = { 0 };

	arena_reset(&f->arena);
	f->record = (struct record){ 0 };
	parse_record(slice_str(line), &config, 0, &f->arena, &f->record);
}

/* as one event, and by both passes with this template; they must agree */
static bool matches(struct fixture *f, const char *template_text)
{
	struct rule_subject subject = { &f->record, f->record.body };
	struct rule_set always = { 0 };
	struct rule_set maybe = { 0 };
	struct rule_set matched = { 0 };
	bool one = rules_match_one(f->rules, f->scratch, &subject, 0);

	if (template_text != NULL)
		subject.template_text = slice_str(template_text);
	rules_judge_template(f->rules, f->scratch, &subject, &always, &maybe);
	rules_judge_event(f->rules, f->scratch, &subject, &maybe, &matched);
	assert_int_equal(one, rule_set_has(&always, 0) || rule_set_has(&matched, 0));
	return one;
}

static const struct {
	const char *match;
	const char *line;
	const char *template_text; /* NULL: the message */
	bool matches;
	const char *captures; /* "" for none */
} cases[] = {
	{ "{message: {regex: 'job (?!ok)\\w+ ended'}}", "job seven ended", NULL, true,
	  "" },
	{ "{message: {regex: 'job (?!ok)\\w+ ended'}}", "job ok ended", NULL, false,
	  "" },
	{ "{message: {regex: 'job (?!ok)\\w+ ended'}}", "job ok ended", "job <*> ended",
	  false, "" },
	{ "{message: {regex: 'job (?!ok)\\w+ ended'}}", "job bad ended",
	  "job <*> ended", true, "" },
	{ "{message: {regex: '(?<=user )root\\b'}}", "the USER Root", NULL, true, "" },
	{ "{message: {regex: '(?<=user )root\\b'}}", "the root", NULL, false, "" },
	{ "{message: {regex: '(\\w+) and \\1'}}", "cat and cat", NULL, true, "" },
	{ "{message: {regex: '(\\w+) and \\1$'}}", "cat and dog", NULL, false, "" },
	{ "{message: {regex: '^a++b'}}", "x\naaab", NULL, true, "" },
	/* a prefilter that is found, and the other condition */
	{ "{message: {regex: 'x(?=y)'}, not: {message: {words: calm}}}", "xy calm",
	  NULL, false, "" },
	/* not: what is not confirmed is not found */
	{ "{message: {words: sea}, not: {message: {regex: 'x(?=y)'}}}", "sea xz", NULL,
	  true, "" },
	{ "{message: {regex: 'node (?<node>\\S+) is (?P<state>down|up)'}}",
	  "node db-7 is DOWN now", NULL, true,
	  "{\"node\":\"db-7\",\"state\":\"DOWN\"}" },
	{ "{message: {regex: 'node (?<node>\\S+) is (?<state>down|up)'}}",
	  "node db-7 is down", "node <*> is down", true,
	  "{\"node\":\"db-7\",\"state\":\"down\"}" },
	/* the first pattern with the name counts; groups that took no part are not
	   there */
	{ "{message: {regex: ['lost (?<what>\\w+)', 'gone (?<what>\\w+)( at (?<at>\\d+))?']}}",
	  "gone key, lost door", NULL, true, "{\"what\":\"door\"}" },
	{ "{message: {regex: '[(?<]a(?<x>b)?'}}", "<a", NULL, true, "" },
	{ "{attributes.error: {regex: 'code (?<code>\\d+)'}}",
	  "{\"message\":\"m\",\"error\":\"code 12\"}", NULL, true,
	  "{\"code\":\"12\"}" },
	{ "{message: {regex: 'code (?<code>\\d+)'}}",
	  "{\"message\":\"m\",\"error\":\"code 12\"}", NULL, true,
	  "{\"code\":\"12\"}" },
	{ "{kind: {equals: json}, message: {words: m}}", "{\"message\":\"m\"}", NULL,
	  true, "" },
	{ "{kind: {equals: [logfmt, access]}, message: {words: m}}",
	  "{\"message\":\"m\"}", NULL, false, "" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture f;
		struct buf captures = { 0 };
		struct rule_subject subject = { .record = &f.record };

		setup(&f, cases[i].match);
		read_line(&f, cases[i].line);
		if (matches(&f, cases[i].template_text) != cases[i].matches)
			fail_msg("%s: \"%s\"", cases[i].match, cases[i].line);
		if (cases[i].matches)
			rules_capture(f.rules, 0, &subject, &captures);
		buf_append_char(&captures, '\0');
		assert_string_equal(captures.data, cases[i].captures);
		assert_int_equal(rules_get(f.rules, 0)->captures,
				 strstr(cases[i].match, "(?<what>") != NULL ||
					 strstr(cases[i].match, "(?<x>") != NULL ||
					 strstr(cases[i].match, "(?<code>") != NULL ||
					 strstr(cases[i].match, "(?<node>") != NULL);
		buf_deinit(&captures);
		teardown(&f);
	}
}

/* an expression that takes for ever is not found, and counted */
static void test_limits(void **state)
{
	uint64_t before = rules_confirm_limited();
	struct fixture f;

	(void)state;
	setup(&f, "{message: {regex: '^(\\w+\\s?)+(?!x)\\d$'}}");
	read_line(&f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	assert_false(matches(&f, NULL));
	teardown(&f);
	setup(&f, "{message: {regex: '(?=.*(a+)+\\d!)a'}}");
	read_line(&f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	assert_false(matches(&f, NULL));
	assert_true(rules_confirm_limited() > before);
	teardown(&f);
}

/* an image of a set with patterns to confirm fits it */
static void test_image(void **state)
{
	struct fixture f;
	struct rules *again = NULL;
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	struct buf image = { 0 };

	(void)state;
	setup(&f, "{message: {regex: 'x(?=y)'}}");
	rules_image(f.rules, &image);
	assert_int_equal(yaml_parse(SLICE(HEAD "match: {message: {regex: 'x(?=y)'}}\n"),
				    "t", &docs, &error),
			 0);
	assert_int_equal(rules_compile_stored(docs, buf_slice(&image), &again, &error),
			 0);
	assert_false(rules_compiled(again));
	rules_free(&again);
	yaml_docs_free(&docs);
	buf_deinit(&image);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
