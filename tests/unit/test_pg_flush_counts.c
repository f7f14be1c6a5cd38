/* test_pg_flush_counts.c - counts by minute that are put aside are added up, all and
 * once */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "flush_test.h"

static struct batch *counted_batch(bool more)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);

	flush_batch_add_template(batch, flush_test.origin.project_id, 9, 9);
	flush_batch_add_template(batch, flush_test.origin.project_id, 8, 8);
	flush_batch_add_block(batch, &flush_test.origin, 9, 7);
	flush_batch_add_block(batch, &flush_test.origin, 8, 2);
	batch->more = more;
	return batch;
}

static int64_t scope_sum(int width)
{
	char sql[128];

	(void)snprintf(
		sql, sizeof(sql),
		"coalesce(sum(count), 0) FROM siftd.scope_counts WHERE width = %d",
		width);
	return flush_test_mine(sql);
}

#define OF_NINE                                                                        \
	" WHERE group_id = (SELECT t.group_id FROM siftd.templates AS t"               \
	" WHERE t.key = 9 AND t.project_id = "

/* what is said of the groups of templates 8 and 9 is what group_counts says */
static void assert_groups(int64_t events)
{
	static const struct {
		const char *all;
		const char *of_nine;
	} sums[] = {
		{ "sum(count) FROM siftd.group_heads AS c WHERE true",
		  "sum(count) FROM siftd.group_heads AS c" OF_NINE "c.project_id)" },
		{ "sum(count) FROM siftd.group_totals AS c WHERE true",
		  "sum(count) FROM siftd.group_totals AS c" OF_NINE "c.project_id)" },
		{ "sum(count) FROM siftd.group_times AS c WHERE width = 10",
		  "sum(count) FROM siftd.group_times AS c" OF_NINE
		  "c.project_id) AND width = 360" },
	};

	assert_int_equal(
		flush_test_mine("sum(count) FROM siftd.group_counts WHERE true"),
		events);
	for (size_t i = 0; i < ARRAY_LEN(sums); i++) {
		assert_int_equal(flush_test_mine(sums[i].all), events);
		assert_int_equal(flush_test_mine(sums[i].of_nine) * 9, events * 7);
	}
}

/* batches that others follow leave their counts aside; the last adds all of them */
static void test_parts_are_folded(void **state)
{
	static const int widths[] = { 0, 1, 60, 1440, -1, -60, -1440 };

	(void)state;
	/* each through a connection of its own, which finds what another left */
	for (int i = 0; i < 3; i++)
		flush_test_commit(counted_batch(true));
	assert_int_equal(flush_test_mine("count(*) FROM siftd.group_counts WHERE true"),
			 0);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.group_count_parts WHERE true"), 3);
	assert_int_equal(
		flush_test_mine("sum(count) FROM siftd.group_stats WHERE true"), 27);
	/* the totals of the scope do not wait */
	assert_int_equal(scope_sum(0), 27);
	assert_int_equal(scope_sum(1), 0);
	flush_test_commit(counted_batch(false));
	for (size_t i = 0; i < ARRAY_LEN(widths); i++)
		assert_int_equal(scope_sum(widths[i]), 36);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.group_count_parts WHERE true"), 0);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.group_counts WHERE true"),
			 2);
	assert_int_equal(
		flush_test_mine("count FROM siftd.group_counts WHERE template_key = 9"),
		28);
	assert_int_equal(
		flush_test_mine("count FROM siftd.group_counts WHERE template_key = 8"),
		8);
	assert_groups(36);
	/* at once, without parts */
	flush_test_commit(counted_batch(false));
	assert_groups(45);
}

/* they are folded now and then even when input never ends */
static void test_parts_are_bounded(void **state)
{
	struct flush_results results;
	struct pg_flush *flush = flush_test_new(&results);

	(void)state;
	for (int i = 0; i < 20; i++)
		pg_flush_submit(flush, counted_batch(true));
	flush_test_run(&results, 20);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.group_count_parts WHERE true"), 4);
	assert_int_equal(
		flush_test_mine("sum(count) FROM siftd.group_counts WHERE true"),
		16 * 9);
	pg_flush_free(&flush);
}

static void test_deletion_takes_parts(void **state)
{
	char sql[256];

	(void)state;
	flush_test_commit(counted_batch(true));
	(void)snprintf(sql, sizeof(sql), "DELETE FROM siftd.ingestions WHERE id = %lld",
		       (long long)flush_test.origin.ingestion_id);
	pg_fixture_exec(&flush_test.pg, sql);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.group_count_parts WHERE true"), 0);
	flush_test_commit(flush_batch_new(&flush_test.origin));
	assert_int_equal(flush_test_mine("count(*) FROM siftd.group_counts WHERE true"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_parts_are_folded, flush_test_set_up, flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_parts_are_bounded,
						flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_deletion_takes_parts,
						flush_test_set_up,
						flush_test_tear_down),
	};
	int failed = 0;

	flush_test_start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	flush_test_stop();
	return failed;
}
