/* test_runs.c - moments become runs, in whatever order they come */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "pipeline/runs.h"

#define QUIET 10

static const struct {
	int64_t moments[8];
	size_t count;
	struct run expected[4];
	size_t runs;
} cases[] = {
	{ { 5 }, 1, { { 5, 5, 1 } }, 1 },
	{ { 5, 15 }, 2, { { 5, 15, 2 } }, 1 },
	{ { 5, 16 }, 2, { { 5, 5, 1 }, { 16, 16, 1 } }, 2 },
	{ { 16, 5 }, 2, { { 5, 5, 1 }, { 16, 16, 1 } }, 2 },
	/* the last one joins them */
	{ { 0, 20, 10 }, 3, { { 0, 20, 3 } }, 1 },
	{ { 100, 0, 50, 5, 55, 105 },
	  6,
	  { { 0, 5, 2 }, { 50, 55, 2 }, { 100, 105, 2 } },
	  3 },
	{ { INT64_MIN, INT64_MAX, 0 },
	  3,
	  { { INT64_MIN, INT64_MIN, 1 }, { 0, 0, 1 }, { INT64_MAX, INT64_MAX, 1 } },
	  3 },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct runs runs = { 0 };

		for (size_t k = 0; k < cases[i].count; k++)
			runs_add(&runs, cases[i].moments[k], QUIET);
		runs_settle(&runs, QUIET);
		assert_int_equal(runs.count, cases[i].runs);
		assert_memory_equal(runs.items, cases[i].expected,
				    runs.count * sizeof(*runs.items));
		runs_deinit(&runs);
	}
}

#define MANY 100000

/* each moment once, in an order without a pattern; gaps after every 100th */
static void test_any_order(void **state)
{
	struct runs runs = { 0 };

	(void)state;
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t n = i * 7919 % MANY;

		runs_add(&runs, (int64_t)(n * QUIET + n / 100), QUIET);
	}
	runs_settle(&runs, QUIET);
	assert_int_equal(runs.count, MANY / 100);
	for (size_t i = 0; i < runs.count; i++) {
		assert_int_equal(runs.items[i].count, 100);
		assert_int_equal(runs.items[i].first_us,
				 (int64_t)(i * 100 * QUIET + i));
	}
	assert_true(runs.capacity <= MANY);
	runs_deinit(&runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
