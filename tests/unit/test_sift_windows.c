/* test_sift_windows.c - consecutive buckets that reach a count, and their bound */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/sift_windows.h"

static const struct rule rule = {
	.window = { .type = WINDOW_THRESHOLD, .span_us = 12000, .count = 5 }
};

static bool add(struct sift_windows *windows, uint64_t finding, int64_t bucket_us,
		uint64_t count)
{
	const struct batch_window delta = { .rule = &rule,
					    .bucket_us = bucket_us,
					    .bucket_width_us = 1000,
					    .count = count };

	return sift_windows_add(windows, finding, &delta);
}

static void test_reached(void **state)
{
	struct sift_windows windows = { 0 };

	(void)state;
	assert_false(add(&windows, 1, 0, 2));
	/* twelve buckets further is another window, whatever the order */
	assert_false(add(&windows, 1, 12000, 2));
	assert_false(add(&windows, 1, -12000, 2));
	/* another finding's */
	assert_false(add(&windows, 2, 1000, 4));
	/* 0 to 11000 has 4, 1000 to 12000 too */
	assert_false(add(&windows, 1, 5000, 2));
	/* late, in between */
	assert_true(add(&windows, 1, 1000, 1));
	sift_windows_deinit(&windows);
}

static void test_bound(void **state)
{
	struct sift_windows windows = { 0 };

	(void)state;
	for (int64_t i = 0; i < 3 * SIFT_BUCKETS_MAX; i++)
		assert_false(add(&windows, 7, i * 100000, 4));
	assert_true(windows.count <= SIFT_BUCKETS_MAX);
	/* the newest are still there */
	assert_true(add(&windows, 7, (3 * SIFT_BUCKETS_MAX - 1) * INT64_C(100000), 1));
	/* the oldest are not */
	assert_false(add(&windows, 7, 0, 4));
	sift_windows_deinit(&windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reached),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
