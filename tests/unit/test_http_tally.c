/* test_http_tally.c - sums by project and way, their last minute, and their bounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sources/http_tally.h"

#define SECOND_US INT64_C(1000000)
#define NOON_US (INT64_C(43200) * SECOND_US)

static void test_sums(void **state)
{
	struct http_tally *tally = http_tally_new();
	const struct http_origin push = { 7, 70, HTTP_WAY_PUSH };
	const struct http_origin upload = { 7, 71, HTTP_WAY_UPLOAD };
	const struct http_origin other = { 8, 80, HTTP_WAY_PUSH };
	struct http_counts counts;

	(void)state;
	http_tally_receive(tally, &push, 100, 10, NOON_US);
	http_tally_receive(tally, &upload, 5, 1, NOON_US);
	http_tally_receive(tally, &other, 9, 2, NOON_US);
	http_tally_store(tally, 70, 9, NOON_US + SECOND_US);
	http_tally_store(tally, 999, 9, NOON_US + SECOND_US);
	http_tally_fail(tally, &push, NOON_US + 30 * SECOND_US);
	counts = http_tally_read(tally, 7, HTTP_WAY_PUSH, NOON_US + 30 * SECOND_US);
	assert_int_equal(counts.total.received_bytes, 100);
	assert_int_equal(counts.minute.received_records, 10);
	assert_int_equal(counts.minute.stored_records, 9);
	assert_int_equal(counts.minute.errors, 1);
	/* the first steps are older than a minute now, the failure is not */
	counts = http_tally_read(tally, 7, HTTP_WAY_PUSH, NOON_US + 70 * SECOND_US);
	assert_int_equal(counts.minute.received_bytes, 0);
	assert_int_equal(counts.minute.errors, 1);
	assert_int_equal(counts.total.stored_records, 9);
	counts = http_tally_read(tally, 7, HTTP_WAY_UPLOAD, NOON_US);
	assert_int_equal(counts.total.received_bytes, 5);
	counts = http_tally_read(tally, 9, HTTP_WAY_PUSH, NOON_US);
	assert_int_equal(counts.total.received_bytes, 0);
	http_tally_free(&tally);
	assert_null(tally);
}

/* a ring that was not written to for long holds nothing of before */
static void test_long_silence(void **state)
{
	struct http_tally *tally = http_tally_new();
	const struct http_origin push = { 7, 70, HTTP_WAY_PUSH };
	struct http_counts counts;

	(void)state;
	for (int i = 0; i < 100; i++)
		http_tally_receive(tally, &push, 1, 1, NOON_US + i * SECOND_US);
	http_tally_receive(tally, &push, 1, 1, NOON_US + 1000 * SECOND_US);
	counts = http_tally_read(tally, 7, HTTP_WAY_PUSH, NOON_US + 1000 * SECOND_US);
	assert_int_equal(counts.minute.received_bytes, 1);
	assert_int_equal(counts.total.received_bytes, 101);
	http_tally_free(&tally);
}

/* the row that was silent longest is given to another project, and what it stands for
 * is not counted there */
static void test_full(void **state)
{
	struct http_tally *tally = http_tally_new();
	struct http_counts counts;

	(void)state;
	for (int64_t i = 1; i <= HTTP_TALLY_ROWS + 1; i++) {
		const struct http_origin origin = { i, i + 100000, HTTP_WAY_PUSH };

		http_tally_receive(tally, &origin, (uint64_t)i, 1,
				   NOON_US + i * 5 * SECOND_US);
	}
	counts = http_tally_read(tally, 1, HTTP_WAY_PUSH, NOON_US);
	assert_int_equal(counts.total.received_bytes, 0);
	counts = http_tally_read(tally, 2, HTTP_WAY_PUSH, NOON_US);
	assert_int_equal(counts.total.received_bytes, 2);
	http_tally_store(tally, 100001, 5, NOON_US);
	counts = http_tally_read(tally, HTTP_TALLY_ROWS + 1, HTTP_WAY_PUSH, NOON_US);
	assert_int_equal(counts.total.received_bytes, HTTP_TALLY_ROWS + 1);
	assert_int_equal(counts.total.stored_records, 0);
	http_tally_free(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_long_silence),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
