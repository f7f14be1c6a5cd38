/* test_pg_array.c - parameters in binary form, verdicts on SQLSTATEs, splitting of
 * plans */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "sinks/pg_array.h"
#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_verdict.h"

static void assert_bytes(struct slice got, struct slice want)
{
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.ptr, want.ptr, want.len);
}

static void test_arrays(void **state)
{
	struct pg_array array = { 0 };

	(void)state;
	pg_array_begin(&array, PG_INT8);
	assert_bytes(pg_array_end(&array), SLICE("\0\0\0\0\0\0\0\0\0\0\0\x14"));
	pg_array_begin(&array, PG_INT8);
	pg_array_int8(&array, -2);
	pg_array_uint8(&array, 0xf000000000000001);
	assert_bytes(pg_array_end(&array),
		     SLICE("\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\2\0\0\0\1"
			   "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe"
			   "\0\0\0\x8\xf0\0\0\0\0\0\0\1"));
	pg_array_begin(&array, PG_INT2);
	pg_array_int2(&array, -1);
	assert_bytes(
		pg_array_end(&array),
		SLICE("\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\1\0\0\0\1\0\0\0\2\xff\xff"));
	pg_array_begin(&array, PG_TEXT);
	pg_array_text(&array, SLICE(""), 9);
	pg_array_text(&array, SLICE("ab"), 9);
	assert_bytes(pg_array_end(&array), SLICE("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2"
						 "\0\0\0\1\0\0\0\0\0\0\0\2ab"));
	pg_array_deinit(&array);
}

static void test_text(void **state)
{
	static const struct {
		struct slice in;
		size_t max;
		struct slice out;
	} cases[] = {
		{ { "plain", 5 }, 100, { "plain", 5 } },
		{ { "plain", 5 }, 3, { "pla", 3 } },
		{ { "b\xc3\xa9"
		    "cd",
		    5 },
		  4,
		  { "b\xc3\xa9"
		    "c",
		    4 } },
		{ { "a\0b", 3 }, 100, { "a\\x00b", 6 } },
		{ { "\xff\xc3\xa9", 3 }, 100, { "\\xff\xc3\xa9", 6 } },
		{ { "ab\xc3\xa9", 4 }, 3, { "ab", 2 } }, /* no half character */
		{ { "ab\xff", 3 }, 5, { "ab", 2 } },     /* no half escape */
		{ { "\xed\xa0\x80", 3 },
		  100,
		  { "\\xed\\xa0\\x80", 12 } }, /* surrogate */
		{ { NULL, 0 }, 100, { "", 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };

		pg_text(&out, cases[i].in, cases[i].max);
		assert_bytes(buf_slice(&out), cases[i].out);
		buf_deinit(&out);
	}
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *sqlstate;
		enum flush_verdict verdict;
	} cases[] = {
		{ "SF001", FLUSH_VERDICT_GUARD },
		{ "40P01", FLUSH_VERDICT_AGAIN },
		{ "40001", FLUSH_VERDICT_AGAIN },
		{ "22021", FLUSH_VERDICT_DATA },
		{ "23514", FLUSH_VERDICT_DATA },
		{ "54000", FLUSH_VERDICT_DATA },
		{ "25006", FLUSH_VERDICT_RECONNECT },
		{ "57P01", FLUSH_VERDICT_RECONNECT },
		{ "57014", FLUSH_VERDICT_WAIT }, /* an administrator cancelled it */
		{ "53100", FLUSH_VERDICT_WAIT }, /* disk full */
		{ "42501", FLUSH_VERDICT_WAIT }, /* no rights */
		{ "", FLUSH_VERDICT_WAIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(flush_verdict_of(cases[i].sqlstate), cases[i].verdict);
}

/* the range that holds the item, refused again and again, ends up alone */
static void test_culprit_is_found(void **state)
{
	struct batch *batch = batch_new(0, 1);
	struct flush_plan plan;
	unsigned attempts = 0;
	size_t items = 0;
	size_t excluded = 0;

	(void)state;
	batch->counts_count = 5000;
	flush_plan_init(&plan, batch);
	for (size_t at = 0; at < plan.ranges_count;) {
		const struct flush_range *range = &plan.ranges[at];

		if (!range->excluded && range->first <= 3777 &&
		    3777 < range->first + range->count) {
			flush_plan_refuse(&plan, at, "22003", "too large");
			attempts++;
			at = 0;
		} else {
			at++;
		}
	}
	assert_true(attempts <= 5);
	for (size_t i = 0; i < plan.ranges_count; i++) {
		assert_int_equal(plan.ranges[i].first, items);
		items += plan.ranges[i].count;
		if (plan.ranges[i].excluded) {
			excluded++;
			assert_int_equal(plan.ranges[i].first, 3777);
			assert_int_equal(plan.ranges[i].count, 1);
		}
	}
	assert_int_equal(items, 5000);
	assert_int_equal(excluded, 1);
	flush_plan_deinit(&plan);
	batch_free(&batch);
}

/* data that is refused everywhere does not take for ever */
static void test_splits_are_bounded(void **state)
{
	struct batch *batch = batch_new(0, 1);
	struct flush_plan plan;
	unsigned attempts = 0;

	(void)state;
	batch->counts_count = 100000;
	flush_plan_init(&plan, batch);
	for (size_t at = 0; at < plan.ranges_count;) {
		if (plan.ranges[at].excluded) {
			at++;
			continue;
		}
		flush_plan_refuse(&plan, at, "22003", "too large");
		attempts++;
	}
	assert_true(attempts < 4 * FLUSH_SPLITS_MAX);
	flush_plan_deinit(&plan);
	batch_free(&batch);
}

static void test_numbers(void **state)
{
	struct batch *batch = batch_new(0, 1);
	struct flush_plan plan;

	(void)state;
	mem_grow(&batch->blocks, &batch->blocks_capacity, 0, sizeof(*batch->blocks));
	memset(batch->blocks, 0, 4 * sizeof(*batch->blocks));
	batch->blocks_count = 4;
	for (size_t i = 0; i < 4; i++) {
		batch->blocks[i].project_id = i == 1 ? 5 : 7;
		batch->blocks[i].ingestion_id = 1;
		batch->blocks[i].encoded.count = 10;
	}
	flush_plan_init(&plan, batch);
	assert_int_equal(plan.projects_count, 2);
	assert_int_equal(plan.projects[0].id, 5);
	assert_int_equal(plan.projects[1].events, 30);
	flush_plan_set_seq(&plan, 7, 1001);
	flush_plan_set_ingestion(&plan, 7, 1);
	flush_plan_number(&plan);
	assert_int_equal(flush_plan_seq(&plan, 0, 3), 1004);
	assert_int_equal(flush_plan_seq(&plan, 2, 0), 1011);
	assert_int_equal(flush_plan_seq(&plan, 3, 9), 1030);
	assert_false(flush_plan_has_project(&plan, 5));
	assert_false(flush_plan_has_block(&plan, 1));
	assert_true(flush_plan_has_block(&plan, 2));
	flush_plan_restart(&plan);
	assert_false(flush_plan_has_block(&plan, 2));
	flush_plan_deinit(&plan);
	batch_free(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_culprit_is_found),
		cmocka_unit_test(test_splits_are_bounded),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
