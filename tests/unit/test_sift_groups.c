/* test_sift_groups.c - totals per group, and what happens to them without room */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/sift_groups.h"

#define HEAVY 1
#define RARE_FIRST 1000
#define RARE (UINT64_C(4) * SIFT_TEMPLATES_MAX)

static struct record record_of(enum severity severity, int64_t time_us)
{
	return (struct record){ .severity = severity,
				.timestamp_us = time_us,
				.raw = SLICE("raw") };
}

static void test_totals(void **state)
{
	struct learner *learner = learner_new(&(struct learner_config){ 0 });
	struct sift_groups *groups = sift_groups_new(learner);
	struct record info = record_of(SEVERITY_INFO, 2000);
	struct record error = record_of(SEVERITY_ERROR, 1000);
	struct sift_group *folded = NULL;
	size_t count = 0;

	(void)state;
	for (uint64_t line = 1; line <= 5; line++)
		sift_groups_add(groups, 10, &info, line);
	error.service_name = SLICE("db");
	sift_groups_add(groups, 20, &error, 6);
	info.timestamp_us = TIMESTAMP_NONE;
	sift_groups_add(groups, 20, &info, 7);
	folded = sift_groups_fold(groups, &count);
	assert_int_equal(count, 2);
	/* the error weighs more than the five others */
	assert_int_equal(folded[0].root, 20);
	assert_int_equal(folded[0].count, 2);
	assert_int_equal(folded[0].levels[SEVERITY_ERROR], 1);
	assert_int_equal(folded[0].first_line, 6);
	assert_int_equal(folded[0].first_us, 1000);
	assert_int_equal(folded[0].last_us, 1000);
	assert_true(slice_equal(folded[0].service, SLICE("db")));
	assert_int_equal(folded[1].count, 5);
	assert_int_equal(sift_groups_other(groups)->count, 0);
	assert_int_equal(sift_groups_spark_used(groups), 7);
	mem_free(folded);
	sift_groups_free(&groups);
	learner_free(&learner);
}

static void test_spark_sums(void **state)
{
	struct learner *learner = learner_new(&(struct learner_config){ 0 });
	struct sift_groups *groups = sift_groups_new(learner);
	struct record record = record_of(SEVERITY_INFO, TIMESTAMP_NONE);
	struct sift_group *folded = NULL;
	uint64_t sum = 0;
	size_t count = 0;

	(void)state;
	for (uint64_t line = 1; line <= 1000; line++)
		sift_groups_add(groups, line % 3, &record, line);
	folded = sift_groups_fold(groups, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < SIFT_SPARK; j++)
			sum += folded[i].spark[j];
	}
	assert_int_equal(sum, 1000);
	/* 48 columns of 32 records would be 1536 */
	assert_int_equal(sift_groups_spark_used(groups), 32);
	mem_free(folded);
	sift_groups_free(&groups);
	learner_free(&learner);
}

static void test_no_room(void **state)
{
	struct learner *learner = learner_new(&(struct learner_config){ 0 });
	struct sift_groups *groups = sift_groups_new(learner);
	struct record record = record_of(SEVERITY_INFO, TIMESTAMP_NONE);
	struct sift_group *folded = NULL;
	uint64_t sum = 0;
	size_t count = 0;

	(void)state;
	for (uint64_t i = 0; i < RARE; i++) {
		sift_groups_add(groups, RARE_FIRST + i, &record, 2 * i + 1);
		sift_groups_add(groups, HEAVY, &record, 2 * i + 2);
	}
	folded = sift_groups_fold(groups, &count);
	assert_true(count <= SIFT_TEMPLATES_MAX);
	assert_int_equal(folded[0].root, HEAVY);
	assert_int_equal(folded[0].count, RARE);
	assert_true(slice_equal(folded[0].sample, SLICE("raw")));
	for (size_t i = 0; i < count; i++)
		sum += folded[i].count;
	assert_true(sift_groups_other(groups)->count > 0);
	assert_int_equal(sift_groups_other(groups)->templates,
			 sift_groups_other(groups)->count);
	assert_int_equal(sum + sift_groups_other(groups)->count, 2 * RARE);
	mem_free(folded);
	sift_groups_free(&groups);
	learner_free(&learner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_spark_sums),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
