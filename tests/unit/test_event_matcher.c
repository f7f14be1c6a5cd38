/* test_event_matcher.c - texts and patterns, and what they let the blocks' filters skip
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/event_matcher.h"
#include "base/compiler.h"

static enum match_verdict judge(const char *text, bool is_pattern, struct slice raw)
{
	struct event_matcher *matcher = NULL;
	struct error error = { 0 };
	enum match_verdict verdict = MATCH_NO;

	if (event_matcher_new(slice_str(text), is_pattern, &matcher, &error) < 0)
		fail_msg("%s: %s", text, error.text);
	verdict = event_matcher_test(matcher, raw);
	event_matcher_free(&matcher);
	return verdict;
}

static void test_texts(void **state)
{
	static const struct {
		const char *text;
		const char *raw;
		bool found;
	} cases[] = {
		{ "", "", true },
		{ "a", "", false },
		{ "a", "A", true },
		{ "timeout", "a TIMEout b", true },
		{ "timeout", "timeou", false },
		{ "aab", "aaab", true },
		{ "aab", "aaAB", true },
		{ "100%", "at 100% now", true },
		{ "a_b", "axb", false },
		{ "a.b", "axb", false },
		{ "\xc3\xa9", "caf\xc3\xa9", true },
		{ "\xc3\xa9", "CAF\xc3\x89", false },
		{ "[z", "[Z", true },
		{ "@", "`", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(judge(cases[i].text, false, slice_str(cases[i].raw)),
				 cases[i].found ? MATCH_YES : MATCH_NO);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		const char *raw;
		bool found;
	} cases[] = {
		{ "t.meout", "a TIMEOUT b", true },
		{ "(?-i)t.meout", "a TIMEOUT b", false },
		{ "^\\d+ms$", "17ms", true },
		{ "caf\xc3\x89", "caf\xc3\xa9", true },
		{ "a.c",
		  "a\xc3\xa9"
		  "c",
		  true },
		{ "a.c",
		  "a\xff"
		  "c",
		  false },
		{ "a",
		  "\xff"
		  "a\xff",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(judge(cases[i].pattern, true, slice_str(cases[i].raw)),
				 cases[i].found ? MATCH_YES : MATCH_NO);
}

static void test_wrong_pattern_is_refused(void **state)
{
	struct event_matcher *matcher = NULL;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(event_matcher_new(SLICE("a(b"), true, &matcher, &error), -1);
	assert_null(matcher);
	assert_non_null(strstr(error.text, "at byte 3"));
}

/* a pattern that backtracks without end gives up, soon */
static void test_costly_pattern_ends(void **state)
{
	char raw[4096];

	(void)state;
	memset(raw, 'a', sizeof(raw));
	assert_int_equal(judge("(a+)+(a+)+(a+)+\\d", true, slice_of(raw, sizeof(raw))),
			 MATCH_TOO_COSTLY);
}

static void test_literals(void **state)
{
	static const struct {
		const char *pattern;
		const char *literal;
	} cases[] = {
		{ "timeout", "timeout" },
		{ "a|timeout", "" },
		{ "(a|b)timeout", "timeout" },
		{ "time(out)?", "time" },
		{ "timeouts?", "timeout" },
		{ "id=\\d+ error", " error" },
		{ "abc{3}defg", "defg" },
		{ "ab+cd", "cd" },
		{ "[abc]def", "def" },
		{ "[]abc]de", "" },
		{ "[^]abc]de", "" },
		{ "[[:alpha:]]abc", "" },
		{ "[\\]abc]de", "" },
		{ "\\x41bcd", "" },
		{ "\\.exe", "exe" },
		{ "(?x) a b c", "" },
		{ "(*ANYCRLF)abc", "" },
		{ "\\Qa|b\\E", "" },
		/* the Kelvin sign is a k, and the long s an s */
		{ "token", "to" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf literal = { 0 };

		event_pattern_literal(slice_str(cases[i].pattern), &literal);
		if (!slice_equal(buf_slice(&literal), slice_str(cases[i].literal)))
			fail_msg("%s: \"%.*s\"", cases[i].pattern, (int)literal.len,
				 literal.data);
		buf_deinit(&literal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_wrong_pattern_is_refused),
		cmocka_unit_test(test_costly_pattern_ends),
		cmocka_unit_test(test_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
