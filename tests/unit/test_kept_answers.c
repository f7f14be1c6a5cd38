/* test_kept_answers.c - what ends an answer that is kept */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "api/kept_answers.h"
#include "base/compiler.h"

#define BYTES_MAX 4096
#define SEED 17

static struct slice numbered(char *text, size_t size, unsigned number)
{
	(void)snprintf(text, size, "/groups?page=%u", number); /* fits */
	return slice_str(text);
}

static void assert_kept(struct kept_answers *kept, struct slice question,
			const char *answer)
{
	struct slice found = kept_answers_find(kept, question, 0);

	assert_non_null(found.ptr);
	assert_true(slice_equal(found, slice_str(answer)));
}

static void test_kept_until_another_snapshot(void **state)
{
	struct kept_answers *kept = kept_answers_new(BYTES_MAX, SEED);
	uint64_t seen = kept_answers_see(kept, SLICE("t 10:12:10"));

	(void)state;
	assert_null(kept_answers_find(kept, SLICE("/groups?"), 0).ptr);
	kept_answers_put(kept, seen, SLICE("/groups?"), SLICE("[1]"), INT64_MAX);
	assert_int_equal(kept_answers_see(kept, SLICE("t 10:12:10")), seen);
	assert_kept(kept, SLICE("/groups?"), "[1]");
	assert_null(kept_answers_find(kept, SLICE("/groups?q=a"), 0).ptr);

	/* what ran at 10 has ended */
	assert_int_not_equal(kept_answers_see(kept, SLICE("t 12:12:")), seen);
	assert_null(kept_answers_find(kept, SLICE("/groups?"), 0).ptr);
	kept_answers_free(&kept);
	assert_null(kept);
}

/* made while something was committed: nobody knows of which snapshot it is */
static void test_not_kept_when_too_late(void **state)
{
	struct kept_answers *kept = kept_answers_new(BYTES_MAX, SEED);
	uint64_t seen = kept_answers_see(kept, SLICE("t 10:10:"));

	(void)state;
	(void)kept_answers_see(kept, SLICE("t 11:11:"));
	kept_answers_put(kept, seen, SLICE("/groups?"), SLICE("[1]"), INT64_MAX);
	assert_null(kept_answers_find(kept, SLICE("/groups?"), 0).ptr);
	/* not even when that snapshot is seen again, out of turn */
	(void)kept_answers_see(kept, SLICE("t 10:10:"));
	kept_answers_put(kept, seen, SLICE("/groups?"), SLICE("[1]"), INT64_MAX);
	assert_null(kept_answers_find(kept, SLICE("/groups?"), 0).ptr);
	kept_answers_free(&kept);
}

static void test_good_for_a_time(void **state)
{
	static const struct {
		int64_t now_us;
		bool found;
	} cases[] = { { 0, true }, { 999, true }, { 1000, false }, { 5000, false } };
	struct kept_answers *kept = kept_answers_new(BYTES_MAX, SEED);
	uint64_t seen = kept_answers_see(kept, SLICE("t 10:10:"));

	(void)state;
	kept_answers_put(kept, seen, SLICE("/findings?"), SLICE("[1]"), 1000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			kept_answers_find(kept, SLICE("/findings?"), cases[i].now_us)
					.ptr != NULL,
			cases[i].found);
	/* the next one takes its place */
	kept_answers_put(kept, seen, SLICE("/findings?"), SLICE("[2]"), 6000);
	assert_kept(kept, SLICE("/findings?"), "[2]");
	kept_answers_free(&kept);
}

static void test_bound(void **state)
{
	struct kept_answers *kept = kept_answers_new(BYTES_MAX, SEED);
	uint64_t seen = kept_answers_see(kept, SLICE("t 10:10:"));
	char large[BYTES_MAX / 8 + 1];
	char answer[401];
	char text[64];

	(void)state;
	memset(large, 'x', sizeof(large));
	kept_answers_put(kept, seen, SLICE("/events?"), slice_of(large, sizeof(large)),
			 INT64_MAX);
	assert_null(kept_answers_find(kept, SLICE("/events?"), 0).ptr);

	memset(answer, 'y', sizeof(answer));
	answer[sizeof(answer) - 1] = '\0';
	for (unsigned i = 0; i < 100; i++) {
		kept_answers_put(kept, seen, numbered(text, sizeof(text), i),
				 slice_str(answer), INT64_MAX);
		/* asked for again and again: others make room */
		assert_kept(kept, numbered(text, sizeof(text), 0), answer);
	}
	assert_kept(kept, numbered(text, sizeof(text), 99), answer);
	assert_null(kept_answers_find(kept, numbered(text, sizeof(text), 1), 0).ptr);
	kept_answers_free(&kept);
}

static void test_metrics(void **state)
{
	struct kept_answers *kept = kept_answers_new(BYTES_MAX, SEED);
	uint64_t seen = kept_answers_see(kept, SLICE("t 10:10:"));
	struct buf out = { 0 };

	(void)state;
	(void)kept_answers_find(kept, SLICE("a"), 0);
	kept_answers_put(kept, seen, SLICE("a"), SLICE("b"), INT64_MAX);
	(void)kept_answers_find(kept, SLICE("a"), 0);
	(void)kept_answers_find(kept, SLICE("a"), 0);
	kept_answers_write_metrics(kept, &out);
	buf_append_char(&out, '\0');
	assert_non_null(strstr(out.data, "\nsiftd_kept_answers_hits_total 2\n"));
	assert_non_null(strstr(out.data, "\nsiftd_kept_answers_misses_total 1\n"));
	assert_non_null(strstr(out.data, "\nsiftd_kept_answers_evicted_total 0\n"));
	buf_deinit(&out);
	kept_answers_free(&kept);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_until_another_snapshot),
		cmocka_unit_test(test_not_kept_when_too_late),
		cmocka_unit_test(test_good_for_a_time),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
