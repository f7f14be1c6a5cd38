/* test_pg_flush_refused.c - a server that refuses for a while gets every batch once */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "flush_test.h"

#define BATCHES 6
#define EVENTS 10

/* The first `times` blocks of a project that stands in siftd_test.trouble are refused.
 * A sequence is no part of the transaction: it counts attempts that were undone too. */
static const char trouble_sql[] =
	"CREATE SCHEMA siftd_test; CREATE SEQUENCE siftd_test.attempts;"
	"CREATE TABLE siftd_test.trouble (sqlstate text, times integer);"
	"CREATE FUNCTION siftd_test.refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
	" DECLARE t siftd_test.trouble;"
	" BEGIN SELECT * INTO t FROM siftd_test.trouble;"
	" IF t.times IS NOT NULL AND nextval('siftd_test.attempts') <= t.times THEN"
	" RAISE EXCEPTION 'refused by the test' USING ERRCODE = t.sqlstate;"
	" END IF; RETURN NEW; END $$;"
	"CREATE TRIGGER refuse BEFORE INSERT ON siftd.event_blocks"
	" FOR EACH ROW EXECUTE FUNCTION siftd_test.refuse()";

static void make_trouble(const char *sqlstate, int times)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
		       "DELETE FROM siftd_test.trouble;"
		       "INSERT INTO siftd_test.trouble VALUES ('%s', %d);"
		       "ALTER SEQUENCE siftd_test.attempts RESTART",
		       sqlstate, times);
	pg_fixture_exec(&flush_test.pg, sql);
}

static void submit_all(struct pg_flush *flush)
{
	for (int i = 0; i < BATCHES; i++) {
		struct batch *batch = flush_batch_new(&flush_test.origin);

		flush_batch_add_block(batch, &flush_test.origin, 9, EVENTS);
		pg_flush_submit(flush, batch);
	}
}

/* all is there, once, and nothing was set aside */
static void check_stored(void)
{
	const int64_t events = (int64_t)BATCHES * EVENTS;

	assert_int_equal(flush_test_position(), 100 * BATCHES);
	assert_int_equal(
		flush_test_mine("sum(event_count) FROM siftd.event_blocks WHERE true"),
		events);
	assert_int_equal(
		flush_test_mine(
			"max(first_seq + event_count) FROM siftd.event_blocks WHERE true"),
		events + 1);
	assert_int_equal(
		flush_test_mine("sum(count) FROM siftd.group_counts WHERE true"),
		events);
	assert_int_equal(
		flush_test_mine("sum(count) FROM siftd.group_stats WHERE true"),
		events);
	assert_int_equal(flush_test_mine("count(*) FROM siftd.quarantine WHERE true"),
			 0);
}

static void test_refused_for_a_while(void **state)
{
	static const char *const sqlstates[] = {
		"40P01", /* deadlock */
		"40001", /* serialization failure */
		"55P03", /* lock not available */
		"53100", /* disk full */
		"53200", /* out of memory */
		"25006", /* a standby: read-only */
		"57P01", /* administrator's shutdown */
		"57P03", /* cannot connect now */
		"XX000", /* whatever else */
	};

	for (size_t i = 0; i < ARRAY_LEN(sqlstates); i++) {
		struct flush_results results;
		struct pg_flush *flush = NULL;

		if (i > 0) {
			flush_test_tear_down(state);
			flush_test_set_up(state);
		}
		make_trouble(sqlstates[i], 3);
		flush = flush_test_new(&results);
		submit_all(flush);
		flush_test_run(&results, BATCHES);
		assert_int_equal(results.committed, BATCHES);
		assert_true(pg_flush_stats(flush)->retries >= 3);
		pg_flush_free(&flush);
		check_stored();
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pg_fixture_exec(&flush_test.pg, arg);
}

/* what happens to the server in the midst of it */
static void run_with(const char *before, char *after)
{
	const struct timeval delay = { .tv_usec = 700000 };
	struct flush_results results;
	struct event *timer = evtimer_new(flush_test.base, on_timer, after);
	struct pg_flush *flush = NULL;

	pg_fixture_exec(&flush_test.pg, before);
	flush = flush_test_new(&results);
	submit_all(flush);
	evtimer_add(timer, &delay);
	flush_test_run(&results, BATCHES);
	assert_int_equal(results.committed, BATCHES);
	event_free(timer);
	pg_flush_free(&flush);
	check_stored();
}

/* as after a failover to a server that is still a standby */
static void test_read_only_server(void **state)
{
	char after[] = "SET default_transaction_read_only = off;"
		       "ALTER DATABASE siftd RESET default_transaction_read_only";

	(void)state;
	run_with("ALTER DATABASE siftd SET default_transaction_read_only = on", after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused_for_a_while,
						flush_test_set_up,
						flush_test_tear_down),
		cmocka_unit_test_setup_teardown(
			test_read_only_server, flush_test_set_up, flush_test_tear_down),
	};
	int failed = 0;

	flush_test_start();
	pg_fixture_exec(&flush_test.pg, trouble_sql);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	flush_test_stop();
	return failed;
}
