/* test_pg_flush.c - batches arrive whole and once, whatever happens to the server */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "flush_test.h"

static const struct rule plain_rule = { .id = "plain",
					.title = "A plain rule",
					.severity = FINDING_HIGH,
					.confidence = 80 };
static const struct rule window_rule = {
	.id = "window",
	.title = "Ten in thirty seconds",
	.severity = FINDING_MED,
	.confidence = 50,
	.window = { .type = WINDOW_THRESHOLD, .span_us = 30000000, .count = 10 }
};

static void test_one_batch(void **state)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);

	(void)state;
	flush_batch_add_template(batch, flush_test.origin.project_id,
				 0xf000000000000007, 0xf000000000000007);
	flush_batch_add_block(batch, &flush_test.origin, 0xf000000000000007, 100);
	flush_batch_add_finding(batch, &plain_rule, "");
	flush_test_commit(batch);
	assert_int_equal(flush_test_position(), 100);
	assert_int_equal(
		flush_test_mine("first_seq FROM siftd.event_blocks WHERE true"), 1);
	assert_int_equal(
		flush_test_mine("event_count FROM siftd.event_blocks WHERE true"), 100);
	assert_int_equal(
		flush_test_mine("severities[7] FROM siftd.event_blocks WHERE true"),
		100);
	assert_int_equal(
		flush_test_mine(
			"count(*) FROM siftd.event_blocks WHERE received_day ="
			" (now() AT TIME ZONE 'UTC')::date AND tableoid::regclass"
			"::text LIKE '%event_blocks_2%'"),
		1);
	assert_int_equal(
		flush_test_mine("template_keys[1] FROM siftd.event_blocks WHERE true"),
		(int64_t)0xf000000000000007);
	assert_int_equal(
		flush_test_mine("count FROM siftd.group_counts WHERE service = 'api'"
				" AND severity = 6"),
		100);
	assert_int_equal(
		flush_test_mine("latest_seq FROM siftd.group_stats WHERE count = 100"),
		100);
	assert_int_equal(
		flush_test_mine(
			"count(*) FROM siftd.templates JOIN siftd.groups USING"
			" (project_id) WHERE group_id = id AND templates.root_key ="
			" key AND text = 'event <num> of \\xff this block'"),
		1);
	assert_int_equal(
		flush_test_mine("total FROM siftd.findings WHERE status = 'open'"),
		100);
	assert_int_equal(
		flush_test_mine("count FROM siftd.finding_templates WHERE true"), 100);
	assert_int_equal(flush_test_mine("stored_events FROM siftd.ingestions WHERE"
					 " timestamp_min_us = 1700000000000000 AND"
					 " timestamp_max_us = 1700000000000099"),
			 100);
	assert_int_equal(flush_test_int("SELECT count(*) FROM siftd.ledger WHERE"
					" received_bytes <> stored_bytes"),
			 0);
}

static void test_batches_add_up(void **state)
{
	struct flush_results results;
	struct pg_flush *flush = flush_test_new(&results);

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct batch *batch = flush_batch_new(&flush_test.origin);

		flush_batch_add_template(batch, flush_test.origin.project_id, 9, 9);
		flush_batch_add_block(batch, &flush_test.origin, 9, 7);
		flush_batch_add_finding(batch, &plain_rule, "");
		flush_batch_add_block(batch, &flush_test.origin, 9, 3);
		pg_flush_submit(flush, batch);
	}
	assert_int_equal(pg_flush_pending(flush), 5);
	flush_test_run(&results, 5);
	assert_int_equal(results.committed, 5);
	assert_int_equal(pg_flush_stats(flush)->committed_events, 50);
	pg_flush_free(&flush);
	assert_int_equal(
		flush_test_mine("sum(event_count) FROM siftd.event_blocks WHERE true"),
		50);
	assert_int_equal(
		flush_test_mine(
			"(SELECT next_seq FROM siftd.projects WHERE id = project_id)"
			" FROM siftd.ingestions WHERE true"),
		51);
	/* no gap, no overlap */
	assert_int_equal(
		flush_test_mine(
			"max(first_seq + event_count) FROM siftd.event_blocks WHERE true"),
		51);
	assert_int_equal(flush_test_mine("count FROM siftd.group_counts WHERE true"),
			 50);
	assert_int_equal(
		flush_test_mine("count FROM siftd.group_stats WHERE latest_seq = 50"),
		50);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.templates WHERE true"),
			 1);
	assert_int_equal(flush_test_mine("total FROM siftd.findings WHERE true"), 35);
	/* heads are the first ever, tails the last ever */
	assert_int_equal(flush_test_mine("count(*) FROM siftd.evidence WHERE edge = 0"),
			 5);
	assert_int_equal(flush_test_mine("sum(seq) FROM siftd.evidence WHERE edge = 0"),
			 15);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.evidence WHERE edge = 1"),
			 5);
	assert_int_equal(flush_test_mine("sum(seq) FROM siftd.evidence WHERE edge = 1"),
			 43 + 44 + 45 + 46 + 47);
	assert_int_equal(flush_test_position(), 500);
}

static void test_guard(void **state)
{
	struct flush_results results;
	struct pg_flush *flush = flush_test_new(&results);
	struct flush_batch_origin elsewhere;

	(void)state;
	flush_test_commit(flush_batch_new(&flush_test.origin));
	elsewhere = flush_test.origin;
	elsewhere.position = 50;
	for (int i = 0; i < 3; i++) {
		struct batch *batch = flush_batch_new(&elsewhere);

		flush_batch_add_block(batch, &flush_test.origin, 9, 7);
		pg_flush_submit(flush, batch);
	}
	flush_test_run(&results, 3);
	assert_int_equal(results.guard_failed, 1);
	assert_int_equal(results.discarded, 2);
	assert_int_equal(flush_test_position(), 100);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.event_blocks WHERE true"),
			 0);
	assert_int_equal(
		flush_test_mine(
			"count(*) FROM siftd.ingestions WHERE stored_events = 0"),
		1);
	pg_flush_submit(flush, flush_batch_new(&elsewhere));
	flush_test_run(&results, 4);
	assert_int_equal(results.discarded, 3);
	pg_flush_resume(flush);
	pg_flush_submit(flush, flush_batch_new(&flush_test.origin));
	flush_test_run(&results, 5);
	assert_int_equal(results.committed, 1);
	assert_int_equal(flush_test_position(), 200);
	pg_flush_free(&flush);
}

/* a stream that claims to be new, but has a row elsewhere */
static void test_guard_of_new_stream(void **state)
{
	struct flush_results results;
	struct pg_flush *flush = flush_test_new(&results);

	(void)state;
	flush_test_commit(flush_batch_new(&flush_test.origin));
	flush_test.origin.position = 0;
	flush_test.origin.known = false;
	pg_flush_submit(flush, flush_batch_new(&flush_test.origin));
	flush_test_run(&results, 1);
	assert_int_equal(results.guard_failed, 1);
	pg_flush_free(&flush);
}

static void test_windows(void **state)
{
	/* bucket and count of each batch, in an order that is not that of time; the sum
	 * of 30 s reaches ten with the last one only */
	static const int64_t steps[][2] = {
		{ 7, 4 }, { 3, 9 }, { 9, 1 }, { 6, 4 }, { 8, 1 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct batch *batch = flush_batch_new(&flush_test.origin);

		flush_batch_add_block(batch, &flush_test.origin, 9,
				      (uint32_t)steps[i][1]);
		flush_batch_add_finding(batch, &window_rule, "");
		flush_batch_add_window(batch, &window_rule, steps[i][0],
				       (uint64_t)steps[i][1]);
		assert_int_equal(
			i == 0 ? 0
			       : flush_test_mine("count(*) FROM siftd.findings WHERE"
						 " status <> 'provisional'"),
			0);
		flush_test_commit(batch);
		if (i + 1 < ARRAY_LEN(steps))
			assert_int_equal(
				flush_test_mine("max(window_peak) FROM siftd.findings"
						" WHERE true"),
				i == 0 ? 4 : 9);
	}
	assert_int_equal(flush_test_mine("window_peak FROM siftd.findings WHERE true"),
			 9);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.findings WHERE status = 'open'"),
		0);
	struct batch *last = flush_batch_new(&flush_test.origin);
	flush_batch_add_block(last, &flush_test.origin, 9, 1);
	flush_batch_add_finding(last, &window_rule, "");
	flush_batch_add_window(last, &window_rule, 6, 1);
	flush_test_commit(last);
	assert_int_equal(
		flush_test_mine(
			"window_peak FROM siftd.findings WHERE status = 'open'"),
		10);
	assert_int_equal(
		flush_test_mine("window_end_us FROM siftd.findings WHERE true"),
		90000000);
}

static void test_merge_keeps_older(void **state)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);

	(void)state;
	flush_batch_add_template(batch, flush_test.origin.project_id, 21, 21);
	flush_batch_add_template(batch, flush_test.origin.project_id, 22, 22);
	flush_batch_add_template(batch, flush_test.origin.project_id, 23, 22);
	flush_batch_add_merge(batch, flush_test.origin.project_id, 22, 21);
	flush_batch_add_template(batch, flush_test.origin.project_id, 24, 22);
	flush_test_commit(batch);
	assert_int_equal(
		flush_test_mine(
			"count(DISTINCT group_id) FROM siftd.templates WHERE true"),
		1);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.groups WHERE root_key = 21 AND"
				" merged_into IS NULL AND id = (SELECT min(group_id)"
				" FROM siftd.templates WHERE key = 24)"),
		1);
	assert_int_equal(
		flush_test_mine("cardinality(template_keys) FROM siftd.group_merges"
				" WHERE user_id IS NULL"),
		2);
}

static void test_resolved_group_regresses(void **state)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);

	(void)state;
	flush_batch_add_template(batch, flush_test.origin.project_id, 31, 31);
	flush_batch_add_template(batch, flush_test.origin.project_id, 32, 32);
	flush_test_commit(batch);
	pg_fixture_exec(&flush_test.pg, "UPDATE siftd.groups SET status = 'resolved'"
					" WHERE root_key IN (31, 32)");
	batch = flush_batch_new(&flush_test.origin);
	flush_batch_add_block(batch, &flush_test.origin, 31, 1);
	flush_test_commit(batch);
	assert_int_equal(
		flush_test_mine(
			"root_key FROM siftd.groups WHERE status = 'regressed'"),
		31);
	assert_int_equal(
		flush_test_mine("root_key FROM siftd.groups WHERE status = 'resolved'"),
		32);
}

/* bad data does not block the rest: it stands alone in the end, and is put aside */
static void test_quarantine(void **state)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);

	(void)state;
	for (uint64_t key = 1; key <= 40; key++)
		flush_batch_add_block(batch, &flush_test.origin, key, 2);
	/* refused by a check, and by the range of a bigint */
	batch->blocks[5].encoded.raw_bytes = 0;
	batch->blocks[5].encoded.count = 0;
	batch->counts[17].count = INT64_MAX;
	mem_grow(&batch->counts, &batch->counts_capacity, batch->counts_count,
		 sizeof(*batch->counts));
	batch->counts[batch->counts_count++] = batch->counts[17];
	flush_test_commit(batch);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.event_blocks WHERE true"),
			 39);
	assert_int_equal(
		flush_test_mine(
			"count(*) FROM siftd.quarantine WHERE what = 'block' AND"
			" sqlstate = '23514' AND meta IS NOT NULL"),
		1);
	assert_int_equal(
		flush_test_mine("count(*) FROM siftd.group_counts WHERE count = 2"),
		39);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.group_stats WHERE true"),
			 40);
	assert_true(flush_test_int("SELECT count(*) FROM siftd.quarantine WHERE what ="
				   " 'counts' AND sqlstate = '22003'") > 0);
	assert_int_equal(flush_test_position(), 100);
}

static void test_deleted_ingestion(void **state)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);
	char sql[256];

	(void)state;
	flush_batch_add_block(batch, &flush_test.origin, 9, 5);
	flush_batch_add_finding(batch, &plain_rule, "");
	(void)snprintf(sql, sizeof(sql), "DELETE FROM siftd.ingestions WHERE id = %lld",
		       (long long)flush_test.origin.ingestion_id);
	pg_fixture_exec(&flush_test.pg, sql);
	flush_test_commit(batch);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.event_blocks WHERE true"),
			 0);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.findings WHERE true"), 0);
	assert_int_equal(flush_test_position(), 100);
	(void)snprintf(sql, sizeof(sql),
		       "SELECT count(*) FROM siftd.ledger WHERE stream = '%s' AND"
		       " stored_records = 0 AND received_bytes ="
		       " (dropped_bytes ->> 'deleted')::bigint AND"
		       " (dropped_records ->> 'deleted')::bigint = 5",
		       flush_test.origin.info->stream);
	assert_int_equal(flush_test_int(sql), 1);
}

/* deleting an ingestion takes all with it that was its own */
static void test_deletion_leaves_nothing(void **state)
{
	struct batch *batch = flush_batch_new(&flush_test.origin);
	char sql[256];

	(void)state;
	flush_batch_add_block(batch, &flush_test.origin, 9, 5);
	flush_batch_add_finding(batch, &plain_rule, "");
	flush_test_commit(batch);
	(void)snprintf(sql, sizeof(sql), "DELETE FROM siftd.projects WHERE id = %lld",
		       (long long)flush_test.origin.project_id);
	pg_fixture_exec(&flush_test.pg, sql);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.event_blocks WHERE true"),
			 0);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.group_counts WHERE true"),
			 0);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.findings WHERE true"), 0);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.evidence WHERE true"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_batch, flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_batches_add_up, flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_guard, flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_guard_of_new_stream,
						flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_windows, flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_merge_keeps_older,
						flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_resolved_group_regresses,
						flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_quarantine, flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_deleted_ingestion,
						flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(test_deletion_leaves_nothing,
						flush_test_set_up,
						flush_test_tear_down),
	};
	int failed = 0;

	flush_test_start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	flush_test_stop();
	return failed;
}
