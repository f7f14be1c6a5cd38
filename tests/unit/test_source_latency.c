/* test_source_latency.c - in which bucket a batch's latency is counted */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sources/port.h"

static void test_bounds_are_in_their_bucket(void **state)
{
	static const struct {
		uint64_t latency_us;
		size_t bucket;
	} cases[] = {
		{ 0, 0 },
		{ 50000, 0 },
		{ 50001, 1 },
		{ 1000000, 4 },
		{ 1000001, 5 },
		{ 120000000, SOURCE_LATENCY_BOUNDS - 1 },
		{ 120000001, SOURCE_LATENCY_BOUNDS },
		{ UINT64_MAX, SOURCE_LATENCY_BOUNDS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source_stats stats = { 0 };

		source_note_latency(&stats, cases[i].latency_us);
		assert_int_equal(stats.latency_counts[cases[i].bucket], 1);
		assert_int_equal(source_latency_count(&stats), 1);
		assert_int_equal(stats.latency_us, cases[i].latency_us);
	}
}

static void test_bounds_rise(void **state)
{
	(void)state;
	for (size_t i = 1; i < SOURCE_LATENCY_BOUNDS; i++)
		assert_true(source_latency_bounds_us[i - 1] <
			    source_latency_bounds_us[i]);
}

static void test_sums(void **state)
{
	struct source_stats stats = { 0 };

	(void)state;
	source_note_latency(&stats, 3000000);
	source_note_latency(&stats, 40000);
	assert_int_equal(source_latency_count(&stats), 2);
	assert_int_equal(stats.latency_sum_us, 3040000);
	assert_int_equal(stats.latency_us, 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_are_in_their_bucket),
		cmocka_unit_test(test_bounds_rise),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
