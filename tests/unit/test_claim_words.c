/* test_claim_words.c - daemons that take words of the outbox at once take others */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "pg_fixture.h"

#define DAEMONS 4

static struct pg_fixture fixture;

static int set_up(void **state)
{
	(void)state;
	pg_fixture_start(&fixture, 1);
	pg_fixture_exec(&fixture,
			"INSERT INTO siftd.organisations (name) VALUES ('o');"
			"INSERT INTO siftd.projects (organisation_id, name)"
			" SELECT max(id), 'p' FROM siftd.organisations;"
			"INSERT INTO siftd.channels (project_id, name, kind, url)"
			" SELECT max(id), 'c' || i, 'webhook', 'http://127.0.0.1/'"
			" FROM siftd.projects, generate_series(1, 300) AS i GROUP BY i;"
			"INSERT INTO siftd.outbox (project_id, channel_id, dedup_key,"
			" kind, payload) SELECT project_id, id, 'k' || id, 'test',"
			" '{\"title\": \"t\"}' FROM siftd.channels");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pg_fixture_stop(&fixture);
	return 0;
}

/* takes words until there are none; NULL: it ended well */
static void *take_all(void *context)
{
	const char *conninfo = context;
	struct pg_sync *sync = NULL;
	struct error error = { 0 };
	const struct pg_rows *rows = NULL;
	int status = pg_sync_open(conninfo, &sync, &error);
	bool more = true;

	while (status == 0 && more) {
		status = pg_sync_exec(sync,
				      "SELECT count(channel)"
				      " FROM siftd.claim_words(60, 50, '')",
				      &rows, &error);
		more = status == 0 && pg_rows_int(rows, 0, 0) > 0;
	}
	pg_sync_close(&sync);
	return status == 0 ? NULL : context;
}

static void test_each_once(void **state)
{
	char *conninfo = (char *)(uintptr_t)embedded_pg_conninfo(fixture.pg);
	pthread_t threads[DAEMONS];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_all, conninfo),
				 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *failed = NULL;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(pg_fixture_int(&fixture, "SELECT count(*) FROM siftd.outbox"
						  " WHERE attempts = 1"),
			 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
