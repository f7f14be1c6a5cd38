/* test_explain_check.c - explanations against the events they speak of, and their
 * prompt
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/explain_check.h"
#include "api/explain_prompt.h"
#include "base/compiler.h"

static const struct explain_case subject = {
	.kind = EXPLAIN_GROUP,
	.facts = { "{\"template\":\"refused <*>\"}", 26 },
	.events = { { .seq = 7,
		      .level = { "ERROR", 5 },
		      .text = { "connect to db:5432 refused \"again\"", 34 } },
		    { .seq = 9, .text = { "gave up after 3 tries", 21 } } },
	.events_count = 2,
};

#define ADVICE(n) "{\"text\":\"do " n "\",\"citations\":[]}"
#define CHECKS                                                                         \
	"\"checks\":[" ADVICE("1") "," ADVICE("2") "," ADVICE("3") "," ADVICE(         \
		"4") "," ADVICE("5") "]"
#define KNOWN                                                                          \
	"\"known\":[{\"text\":\"k\",\"citations\":[{\"seq\":9,\"quote\":\"gave up\"}]}]"
#define WITH(claim) "{\"summary\":[" claim "]," KNOWN "," CHECKS "}"

struct sample {
	const char *answer;
	unsigned claims, verified, missing;
	const char *complaint; /* a part of it; NULL: there is none */
};

static const struct sample samples[] = {
	{ WITH("{\"text\":\"Refused (seq 7).\",\"citations\":[{\"seq\":7,\"quote\":"
	       "\"db:5432 refused \\\"again\\\"\"}]}"),
	  2, 2, 0, NULL },
	{ "Here it is:\n```json\n" WITH(
		  "{\"text\":\"a\",\"citations\":[{\"seq\":7,\"quote\":\"refused\"}]}") "\n```",
	  2, 2, 0, NULL },
	/* a quote of another event, changed by a letter, or too short to prove anything
	 */
	{ WITH("{\"text\":\"a\",\"citations\":[{\"seq\":9,\"quote\":\"refused\"}]}"), 2,
	  1, 0, "refused" },
	{ WITH("{\"text\":\"a\",\"citations\":[{\"seq\":7,\"quote\":\"Refused\"}]}"), 2,
	  1, 0, "Refused" },
	{ WITH("{\"text\":\"a\",\"citations\":[{\"seq\":7,\"quote\":\"con\"}]}"), 2, 1,
	  0, "con" },
	/* a seq that was never shown, as a citation and in words */
	{ WITH("{\"text\":\"a\",\"citations\":[{\"seq\":8,\"quote\":\"refused\"}]}"), 2,
	  1, 0, "was not shown" },
	{ WITH("{\"text\":\"see seq 70\",\"citations\":[{\"seq\":7,\"quote\":\"refused\"}]}"),
	  2, 1, 0, "seq 70" },
	{ WITH("{\"text\":\"a\",\"citations\":[{\"seq\":7,\"quote\":\"refused\"},{\"seq\":9,"
	       "\"quote\":\"refused\"}]}"),
	  2, 1, 0, "refused" },
	{ WITH("{\"text\":\"bare\",\"citations\":[]}"), 2, 1, 0, "bare" },
	{ WITH("{\"text\":\"bare\"}"), 2, 1, 0, "bare" },
	/* of wrong types */
	{ WITH("{\"text\":1,\"citations\":{}}"), 1, 1, 1, "summary" },
	{ WITH("{\"text\":\"a\",\"citations\":[7]}"), 2, 1, 0, "was not shown" },
	{ WITH("7"), 1, 1, 1, "summary" },
	{ "{}", 0, 0, 7, "summary" },
};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct explain_verdict verdict;
		struct buf content = { 0 };
		struct buf complaint = { 0 };
		json_t *loaded = NULL;

		assert_int_equal(explain_check(&subject, slice_str(samples[i].answer),
					       &verdict, &content, &complaint),
				 0);
		assert_int_equal(verdict.claims, samples[i].claims);
		assert_int_equal(verdict.verified, samples[i].verified);
		assert_int_equal(verdict.missing, samples[i].missing);
		buf_append_char(&complaint, '\0');
		if (samples[i].complaint == NULL)
			assert_string_equal(complaint.data, "");
		else
			assert_non_null(strstr(complaint.data, samples[i].complaint));
		loaded = json_loadb(content.data, content.len, 0, NULL);
		assert_int_equal(json_array_size(json_object_get(loaded, "sections")),
				 6);
		json_decref(loaded);
		buf_deinit(&content);
		buf_deinit(&complaint);
	}
}

static void test_what_is_no_object(void **state)
{
	static const char *const answers[] = {
		"", "sorry", "[1]", "{", "}{", "{\"a\":}"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct explain_verdict verdict;
		struct buf content = { 0 };
		struct buf complaint = { 0 };

		assert_int_equal(explain_check(&subject, slice_str(answers[i]),
					       &verdict, &content, &complaint),
				 -1);
		assert_int_equal(content.len, 0);
		assert_true(complaint.len > 0);
		buf_deinit(&complaint);
	}
}

/* a citation that does not hold is not shown: it would look like a proof */
static void test_false_citations_are_left_out(void **state)
{
	struct explain_verdict verdict;
	struct buf content = { 0 };
	struct buf complaint = { 0 };

	(void)state;
	assert_int_equal(
		explain_check(&subject,
			      SLICE(WITH("{\"text\":\"a\",\"citations\":[{\"seq\":7,"
					 "\"quote\":\"invented\"}]}")),
			      &verdict, &content, &complaint),
		0);
	buf_append_char(&content, '\0');
	assert_null(strstr(content.data, "invented"));
	assert_non_null(strstr(content.data, "\"verified\":false"));
	assert_non_null(strstr(content.data, "\"evidence_cited\":[9]"));
	buf_deinit(&content);
	buf_deinit(&complaint);
}

static json_t *prompt_of(enum explain_form form, const char *complaint)
{
	const struct explain_prompt prompt = { .subject = &subject,
					       .model = "small",
					       .nonce = "n0nce",
					       .form = form,
					       .tokens_max = 1000,
					       .earlier = slice_str("first"),
					       .complaint = slice_str(complaint) };
	struct buf text = { 0 };
	json_t *loaded = NULL;

	explain_write_prompt(&prompt, &text);
	loaded = json_loadb(text.data, text.len, 0, NULL);
	buf_deinit(&text);
	assert_non_null(loaded);
	return loaded;
}

static const char *content_of(json_t *prompt, size_t i)
{
	json_t *messages = json_object_get(prompt, "messages");

	return json_string_value(
		json_object_get(json_array_get(messages, i), "content"));
}

/* the data lies between its two lines, as JSON of one line */
static void test_prompt(void **state)
{
	json_t *prompt = prompt_of(EXPLAIN_STRICT, "");
	json_t *format = json_object_get(prompt, "response_format");
	const char *data = strstr(content_of(prompt, 1), "data-n0nce\n");
	const char *end = data == NULL ? NULL : strchr(data + 11, '\n');
	json_t *shown = NULL;

	(void)state;
	assert_non_null(end);
	assert_string_equal(end, "\ndata-n0nce\n");
	shown = json_loadb(data + 11, (size_t)(end - data) - 11, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(shown, "events")), 2);
	json_decref(shown);
	assert_string_equal(json_string_value(json_object_get(format, "type")),
			    "json_schema");
	assert_true(json_is_true(
		json_object_get(json_object_get(format, "json_schema"), "strict")));
	assert_int_equal(json_array_size(json_object_get(prompt, "messages")), 2);
	json_decref(prompt);
}

static void test_lower_forms(void **state)
{
	json_t *object = prompt_of(EXPLAIN_OBJECT, "");
	json_t *plain = prompt_of(EXPLAIN_PLAIN, "- wrong");

	(void)state;
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(object, "response_format"), "type")),
		"json_object");
	assert_null(json_object_get(plain, "response_format"));
	assert_string_equal(content_of(plain, 2), "first");
	assert_string_equal(content_of(plain, 3), "- wrong");
	json_decref(object);
	json_decref(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_what_is_no_object),
		cmocka_unit_test(test_false_citations_are_left_out),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_lower_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
