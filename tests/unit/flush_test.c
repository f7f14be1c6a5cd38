/* flush_test.c - what the tests of the flush have in common */
#include "flush_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define RUN_S_MAX 30

struct flush_test flush_test;

static void done(void *context, const struct batch *batch, enum flush_result result)
{
	struct flush_results *results = context;

	(void)batch;
	results->committed += result == FLUSH_COMMITTED;
	results->guard_failed += result == FLUSH_GUARD_FAILED;
	results->discarded += result == FLUSH_DISCARDED;
	if (results->committed + results->guard_failed + results->discarded ==
	    results->wanted)
		assert_int_equal(event_base_loopbreak(flush_test.base), 0);
}

void flush_test_run(struct flush_results *results, unsigned wanted)
{
	struct timeval limit = { .tv_sec = RUN_S_MAX };

	results->wanted = wanted;
	event_base_loopexit(flush_test.base, &limit);
	event_base_dispatch(flush_test.base);
	assert_int_equal(results->committed + results->guard_failed +
				 results->discarded,
			 wanted);
}

struct pg_flush *flush_test_new(struct flush_results *results)
{
	*results = (struct flush_results){ 0 };
	return pg_flush_new(flush_test.base, embedded_pg_conninfo(flush_test.pg.pg),
			    done, results);
}

void flush_test_commit(struct batch *batch)
{
	struct flush_results results;
	struct pg_flush *flush = flush_test_new(&results);

	pg_flush_submit(flush, batch);
	flush_test_run(&results, 1);
	assert_int_equal(results.committed, 1);
	pg_flush_free(&flush);
}

int64_t flush_test_int(const char *sql)
{
	return pg_fixture_int(&flush_test.pg, sql);
}

void flush_test_start(void)
{
	pg_fixture_start(&flush_test.pg, 1);
	pg_fixture_exec(&flush_test.pg,
			"INSERT INTO siftd.organisations (name) VALUES ('o')");
}

void flush_test_stop(void)
{
	pg_fixture_stop(&flush_test.pg);
}

int flush_test_set_up(void **state)
{
	static int number;
	struct flush_batch_origin *origin = &flush_test.origin;
	char sql[256];

	(void)state;
	number++;
	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO siftd.projects (organisation_id, name)"
		       " VALUES (1, 'project %d') RETURNING id",
		       number);
	*origin = (struct flush_batch_origin){ .project_id = flush_test_int(sql) };
	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO siftd.ingestions (project_id, name, source_type)"
		       " VALUES (%lld, 'i', 'file') RETURNING id",
		       (long long)origin->project_id);
	origin->ingestion_id = flush_test_int(sql);
	(void)snprintf(sql, sizeof(sql), "stream %d", number);
	origin->info =
		stream_info_new("host", "files", sql, "{\"path\": \"/var/log\"}");
	flush_test.base = event_base_new();
	return 0;
}

int flush_test_tear_down(void **state)
{
	(void)state;
	stream_info_free(&flush_test.origin.info);
	event_base_free(flush_test.base);
	return 0;
}

int64_t flush_test_mine(const char *from)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT %s AND project_id = %lld", from,
		       (long long)flush_test.origin.project_id);
	return flush_test_int(sql);
}

int64_t flush_test_position(void)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
		       "SELECT position_offset FROM siftd.source_positions"
		       " WHERE stream = '%s'",
		       flush_test.origin.info->stream);
	return flush_test_int(sql);
}
