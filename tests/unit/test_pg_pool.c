/* test_pg_pool.c - queries on the loop: answers, refusals, time limits, a server that
 * goes away and comes back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "pg_fixture.h"
#include "sinks/pg_pool.h"
#include "sinks/pg_prepared.h"

static struct pg_fixture fixture;
static struct event_base *base;
static struct pg_pool *pool;

struct answer {
	unsigned calls;
	bool ok;
	int64_t value;
	size_t rows;
	enum pg_error_kind kind;
	char sqlstate[6];
};

static unsigned awaited;

static void done(void *context, const struct pg_rows *rows,
		 const struct pg_error *error)
{
	struct answer *answer = context;

	answer->calls++;
	answer->ok = rows != NULL;
	if (rows != NULL) {
		answer->rows = pg_rows_count(rows);
		answer->value = answer->rows > 0 ? pg_rows_int(rows, 0, 0) : -1;
	} else {
		answer->kind = error->kind;
		memcpy(answer->sqlstate, error->sqlstate, sizeof(answer->sqlstate));
		assert_true(error->error.text[0] != '\0');
	}
	if (--awaited == 0)
		assert_int_equal(event_base_loopbreak(base), 0);
}

static void run(unsigned answers, int seconds)
{
	struct timeval limit = { .tv_sec = seconds };

	awaited = answers;
	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
}

static void open_pool(unsigned connections, unsigned pending, unsigned ms)
{
	struct pg_config config = { .conninfo = embedded_pg_conninfo(fixture.pg),
				    .connections_max = connections,
				    .pending_max = pending,
				    .query_ms_max = ms };

	base = event_base_new();
	pool = pg_pool_new(base, &config);
}

static void close_pool(void)
{
	pg_pool_free(&pool);
	event_base_free(base);
}

static struct pg_query *ask(const char *sql, struct answer *answer)
{
	return pg_query(pool, sql, NULL, 0, false, done, answer);
}

static void test_answers(void **state)
{
	const struct pg_param params[] = {
		{ .value = SLICE("40") },
		{ .value = { "\0\0\0\2", 4 }, .binary = true },
		{ .value = { NULL, 0 } },
	};
	struct answer sum = { 0 };
	struct answer bad = { 0 };
	struct answer many[20] = { 0 };

	(void)state;
	open_pool(3, 100, 5000);
	(void)pg_query(pool, "SELECT $1::int + $2::int WHERE $3::text IS NULL", params,
		       ARRAY_LEN(params), false, done, &sum);
	(void)ask("SELECT 1/0", &bad);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		(void)ask("SELECT 7 FROM generate_series(1, 3)", &many[i]);
	assert_int_equal(sum.calls, 0);
	run(2 + ARRAY_LEN(many), 20);
	assert_int_equal(sum.value, 42);
	assert_false(bad.ok);
	assert_int_equal(bad.kind, PG_ERROR_SQL);
	assert_string_equal(bad.sqlstate, "22012");
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		assert_int_equal(many[i].calls, 1);
		assert_int_equal(many[i].value, 7);
		assert_int_equal(many[i].rows, 3);
	}
	assert_true(pg_pool_ready(pool));
	close_pool();
}

/* a setting for one transaction is there for its query and for no other; an error of
 * the statement before is the query's */
static void test_before(void **state)
{
	const struct pg_param param = { .value = SLICE("42") };
	const struct pg_statement set = {
		.sql = "SELECT set_config('siftd.test', $1, true) FROM"
		       " generate_series(1, 2)",
		.params = &param,
		.params_count = 1,
	};
	const struct pg_statement wrong = { .sql = "SELECT 1/0" };
	struct pg_statement statement = {
		.sql = "SELECT current_setting('siftd.test', true)", .before = &set
	};
	struct answer behind = { 0 };
	struct answer bad = { 0 };
	struct answer after = { 0 };

	(void)state;
	open_pool(1, 100, 5000);
	(void)pg_query_run(pool, &statement, done, &behind);
	statement.before = &wrong;
	(void)pg_query_run(pool, &statement, done, &bad);
	(void)ask("SELECT coalesce(nullif(current_setting('siftd.test', true), ''),"
		  " '-5')",
		  &after);
	run(3, 20);
	assert_int_equal(behind.value, 42);
	assert_int_equal(behind.calls, 1);
	assert_int_equal(bad.calls, 1);
	assert_string_equal(bad.sqlstate, "22012");
	assert_int_equal(after.value, -5);
	close_pool();
}

#define MANY_TEXTS (PG_PREPARED_MAX * 2 + 3)

static int64_t ask_once(const char *sql)
{
	struct answer answer = { 0 };

	(void)ask(sql, &answer);
	run(1, 20);
	assert_int_equal(answer.calls, 1);
	return answer.ok ? answer.value : -1;
}

/* a text is prepared once, and no more texts are than there is room for */
static void test_prepared(void **state)
{
	static const char count_sql[] = "SELECT count(*) FROM pg_prepared_statements";
	char sql[64];

	(void)state;
	open_pool(1, 100, 5000);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < MANY_TEXTS; i++) {
			(void)snprintf(sql, sizeof(sql), "SELECT %d", i);
			assert_int_equal(ask_once(sql), i);
		}
	}
	assert_int_equal(ask_once(count_sql), PG_PREPARED_MAX);
	(void)ask_once("SELECT pg_backend_pid()");
	assert_int_equal(ask_once(count_sql), PG_PREPARED_MAX);
	close_pool();
}

/* what cannot be prepared is no more in the way than what fails later, and what was
 * prepared is so anew when it fits no more */
static void test_prepared_anew(void **state)
{
	struct answer answer = { 0 };

	(void)state;
	open_pool(1, 100, 5000);
	assert_int_equal(ask_once("SELECT a FROM prepared_anew"), -1);
	(void)ask_once("CREATE TABLE prepared_anew (a integer)");
	(void)ask_once("INSERT INTO prepared_anew VALUES (7)");
	assert_int_equal(ask_once("SELECT a FROM prepared_anew"), 7);
	(void)ask_once("ALTER TABLE prepared_anew ALTER a TYPE text");
	assert_int_equal(ask_once("SELECT a FROM prepared_anew"), 7);
	(void)ask_once("DEALLOCATE ALL");
	assert_int_equal(ask_once("SELECT a FROM prepared_anew"), 7);
	(void)ask_once("DROP TABLE prepared_anew");
	(void)ask("SELECT a FROM prepared_anew", &answer);
	run(1, 20);
	assert_string_equal(answer.sqlstate, "42P01");
	close_pool();
}

static void test_limits(void **state)
{
	struct answer slow = { 0 };
	struct answer waiting = { 0 };
	struct answer refused = { 0 };

	(void)state;
	open_pool(1, 2, 200);
	(void)ask("SELECT pg_sleep(30)", &slow);
	(void)ask("SELECT 5", &waiting);
	(void)ask("SELECT 6", &refused);
	run(3, 20);
	assert_int_equal(slow.kind, PG_ERROR_TIMEOUT);
	assert_int_equal(waiting.value, 5);
	assert_int_equal(refused.kind, PG_ERROR_BUSY);
	close_pool();
}

static void test_cancel(void **state)
{
	struct answer first = { 0 };
	struct answer gone = { 0 };
	struct answer waiting = { 0 };
	struct answer after = { 0 };
	struct pg_query *running = NULL;
	struct pg_query *queued = NULL;

	(void)state;
	open_pool(1, 10, 20000);
	(void)ask("SELECT 1", &first);
	run(1, 20);
	running = ask("SELECT pg_sleep(20)", &gone);
	queued = ask("SELECT 2", &waiting);
	run(1, 1);
	pg_query_cancel(queued);
	pg_query_cancel(running);
	(void)ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(20)'"
		  " AND state = 'active' AND pid <> pg_backend_pid()",
		  &after);
	run(1, 20);
	assert_int_equal(gone.calls, 0);
	assert_int_equal(waiting.calls, 0);
	assert_int_equal(after.calls, 1);
	/* the server was told, and has stopped it a moment later */
	for (int i = 0; i < 100 && after.value > 0; i++) {
		after = (struct answer){ 0 };
		(void)ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE"
			  " '%sleep(20)' AND state = 'active'"
			  " AND pid <> pg_backend_pid()",
			  &after);
		run(1, 20);
	}
	assert_int_equal(after.value, 0);
	close_pool();
}

static void test_away_and_back(void **state)
{
	struct answer lost = { 0 };
	struct answer away = { 0 };
	struct answer back = { 0 };

	(void)state;
	open_pool(2, 10, 5000);
	(void)ask("SELECT pg_terminate_backend(pg_backend_pid())", &lost);
	run(1, 20);
	assert_false(lost.ok);
	assert_int_equal(lost.kind, PG_ERROR_AWAY);
	pg_sync_close(&fixture.sync);
	embedded_pg_stop(&fixture.pg);
	(void)ask("SELECT 1", &away);
	run(1, 20);
	assert_int_equal(away.kind, PG_ERROR_AWAY);
	close_pool();

	struct embedded_pg_config config = { .state_dir = fixture.folder };
	struct error error = { 0 };

	assert_int_equal(embedded_pg_start(&config, &fixture.pg, &error), 0);
	open_pool(2, 10, 5000);
	(void)ask("SELECT 3", &back);
	run(1, 20);
	assert_int_equal(back.value, 3);
	/* answered before it is freed */
	(void)ask("SELECT 4", &back);
	awaited = 1;
	close_pool();
	assert_int_equal(back.calls, 2);
	assert_int_equal(back.kind, PG_ERROR_AWAY);
}

/* a name is looked up off the loop; the answer is that it cannot be connected to */
static void test_names(void **state)
{
	static const char *const hosts[] = { "host=localhost port=1",
					     "host=no-such-host.invalid",
					     "postgresql://localhost:1,127.0.0.1:2/db",
					     "not a conninfo" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct pg_config config = { .conninfo = hosts[i],
					    .connections_max = 1,
					    .pending_max = 1 };
		struct answer answer = { 0 };

		base = event_base_new();
		pool = pg_pool_new(base, &config);
		(void)ask("SELECT 1", &answer);
		run(1, 20);
		assert_int_equal(answer.calls, 1);
		assert_int_equal(answer.kind, PG_ERROR_AWAY);
		close_pool();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_prepared_anew),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_away_and_back),
		cmocka_unit_test(test_names),
	};
	int failed = 0;

	pg_fixture_start(&fixture, 0);
	log_set_level(LOG_LEVEL_ERROR); /* lost connections are what this is about */
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	pg_fixture_stop(&fixture);
	return failed;
}
