/* test_rules_shape.c - one verdict for all records that differ only in digits */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "pipeline/rules_set.h"
#include "tests/unit/random_numbers.h"

#define HEAD "id: r\ntitle: t\nseverity: LOW\nconfidence: 0.5\n"

static const struct {
	const char *expression;
	const char *widened; /* NULL: beyond it; "": the same */
} widen_cases[] = {
	{ "timeout", "" },
	{ "\\btook \\d+ms\\b", "" },
	{ "status 429", "status \\d\\d\\d" },
	{ "a\\x34b", "a\\db" },
	{ "a\\x2fb", "" },
	{ "[0-9a-f]{4,8}", "" },
	{ "[a-f2]x", "[0-9a-f2]x" },
	{ "5[0-4]", "\\d[0-90-4]" },
	{ "[^0-9]", "" },
	{ "[^x]", "" },
	{ "[^x5]", "(?s:.)" },
	{ "[+-z]", "" },
	{ "[,-0-9]", "[0-9,-0-9]" },
	{ "[\\\\d7]", "[0-9\\\\d7]" },
	{ "[\\d7]", "" },
	{ "[\\x30]", "[0-9\\x30]" },
	{ "(?:a|b)+.\\w\\S\\W\\D", "" },
	{ "[[:alpha:]]1", NULL },
	{ "(?i)1", NULL },
};

static void test_widen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widen_cases); i++) {
		struct arena arena = { 0 };
		struct slice expression = slice_str(widen_cases[i].expression);
		const char *wanted = widen_cases[i].widened;
		struct slice widened = pattern_widen(&arena, expression);

		if (wanted == NULL)
			assert_null(widened.ptr);
		else
			assert_string_equal(widened.ptr, wanted[0] == '\0'
								 ? expression.ptr
								 : wanted);
		arena_deinit(&arena);
	}
}

static struct rules *compile(const char *match)
{
	struct yaml_doc *docs = NULL;
	struct rules *rules = NULL;
	struct error error = { 0 };
	struct buf text = { 0 };

	buf_printf(&text, HEAD "match:\n  %s\n", match);
	if (yaml_parse(buf_slice(&text), "t", &docs, &error) != 0 ||
	    rules_compile(docs, &rules, &error) != 0)
		fail_msg("%s", error.text);
	yaml_docs_free(&docs);
	buf_deinit(&text);
	return rules;
}

static const struct {
	const char *match;
	const char *message;
	bool settled;
} cases[] = {
	{ "message: {words: timeout}", "timeout after 30 s", true },
	{ "message: {words: timeout}", "read 30 bytes", true },
	{ "message: {regex: 'after \\d+ s'}", "timeout after 30 s", true },
	{ "message: {words: status 429}", "status 200", false },
	{ "message: {words: status 429}", "status 2000", true },
	{ "message: {words: status 429}", "took 200", true },
	{ "message: {regex: 'code=[a-f4]'}", "code=1", false },
	{ "message: {regex: 'code=[a-f4]'}", "code=x", true },
	{ "message: {equals: job 7 done}", "job 7 done", false },
	{ "message: {equals: job 7 done}", "done", true },
	{ "message: {equals: done}", "job 7 done", true },
	{ "host: {equals: db-7}", "x", false },
	{ "host: {equals: db}", "x", true },
	{ "host: {words: db-7}", "x", false },
	{ "attributes.code: {equals: '1'}", "x", false },
	{ "attributes.other: {equals: '1'}", "x", false },
	{ "attributes.error: {words: beside 1}", "x", false },
	{ "message: {words: beside 1}", "x", false },
	{ "message: {words: beside it}", "x", true },
	{ "level: {equals: WARN}", "x 1", true },
	{ "not: {message: {words: 'a 1'}}", "a 2", false },
	{ "template: {words: now 5}", "x", false },
};

struct subject_texts {
	char message[64];
	char host[8];
	char code[8];
	char error[16];
};

static void change_digits(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= '0' && *text <= '9')
			*text = (char)('0' + random_below(10));
	}
}

static void fill(struct record *record, struct subject_texts *texts)
{
	record->severity = SEVERITY_WARN;
	record->body = slice_str(texts->message);
	record->service_name = SLICE("s");
	record->host_name = slice_str(texts->host);
	record->attributes_count = 0;
	record_add_attribute(record, SLICE("code"), slice_str(texts->code));
	record_add_attribute(record, SLICE("error"), slice_str(texts->error));
}

/* with the digits of the case, and with others */
static void check_case(size_t index, const struct rules *rules,
		       struct rules_scratch *scratch)
{
	struct subject_texts texts = { .host = "db-7",
				       .code = "12",
				       .error = "beside 2" };
	struct record record = { 0 };
	struct rule_subject subject = { &record, SLICE("now 1") };
	struct rule_set maybe = { 0 };
	struct rule_set first = { 0 };
	bool settled = false;

	rule_set_put(&maybe, 0);
	(void)snprintf(texts.message, sizeof(texts.message), "%s",
		       cases[index].message);
	fill(&record, &texts);
	settled = rules_judge_shape(rules, scratch, &subject, &maybe, &first);
	if (settled != cases[index].settled)
		fail_msg("%s on %s: %d", cases[index].match, cases[index].message,
			 settled);
	for (unsigned round = 0; round < 200; round++) {
		struct rule_set matched = { 0 };

		change_digits(texts.message);
		change_digits(texts.host);
		change_digits(texts.code);
		change_digits(texts.error);
		rules_judge_event(rules, scratch, &subject, &maybe, &matched);
		if (settled && matched.bits[0] != first.bits[0])
			fail_msg("%s on %s", cases[index].match, texts.message);
	}
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rules *rules = compile(cases[i].match);
		struct rules_scratch *scratch = rules_scratch_new(rules);

		check_case(i, rules, scratch);
		rules_scratch_free(&scratch);
		rules_free(&rules);
	}
}

static const char *const parts[] = { "a",     "4",       "42",        "\\d",  "\\d+",
				     "[0-9]", "[^5]",    "[a-c5]",    "\\w+", "\\s",
				     "-",     "(?:4|a)", ".",         "[^a]", "x?",
				     "7*",    "b{2,}",   "[3-6]{1,2}" };

static void random_pattern(struct buf *out)
{
	for (size_t left = 1 + random_below(4); left > 0; left--)
		buf_append_str(out, parts[random_below(ARRAY_LEN(parts))]);
	buf_append_char(out, 'a'); /* no pattern matches the empty text */
}

static void random_text(char *out, size_t len)
{
	static const char bytes[] = "aab4 5-7x2c";

	for (size_t i = 0; i < len; i++)
		out[i] = bytes[random_below(sizeof(bytes) - 1)];
	out[len] = '\0';
}

/* true when the verdict was settled */
static bool check_random(const struct rules *rules, struct rules_scratch *scratch,
			 const char *match)
{
	char text[16];
	struct record record = { .severity = SEVERITY_INFO };
	struct rule_subject subject = { .record = &record };
	struct rule_set maybe = { 0 };
	struct rule_set first = { 0 };
	bool settled = false;

	rule_set_put(&maybe, 0);
	random_text(text, 1 + random_below(12));
	record.body = slice_str(text);
	settled = rules_judge_shape(rules, scratch, &subject, &maybe, &first);
	for (unsigned round = 0; settled && round < 20; round++) {
		struct rule_set matched = { 0 };

		change_digits(text);
		rules_judge_event(rules, scratch, &subject, &maybe, &matched);
		if (matched.bits[0] != first.bits[0])
			fail_msg("%s on %s", match, text);
	}
	return settled;
}

static void test_random(void **state)
{
	size_t settled = 0;
	size_t all = 0;

	(void)state;
	random_state = 7;
	for (unsigned i = 0; i < 150; i++) {
		struct buf match = { 0 };
		struct rules *rules = NULL;
		struct rules_scratch *scratch = NULL;

		buf_append_str(&match, "message: {regex: '");
		random_pattern(&match);
		buf_append(&match, "'}", sizeof("'}"));
		rules = compile(match.data);
		scratch = rules_scratch_new(rules);
		for (unsigned round = 0; round < 60; round++, all++)
			settled += check_random(rules, scratch, match.data);
		rules_scratch_free(&scratch);
		rules_free(&rules);
		buf_deinit(&match);
	}
	assert_in_range(settled, all / 4, all - all / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widen),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
