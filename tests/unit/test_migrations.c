/* test_migrations.c - from every version with data in it to the newest, and many at
 * once */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "pg_fixture.h"
#include "sinks/pg_migrations.h"
#include "sinks/pg_schema.h"

#define DAEMONS 3

static struct pg_fixture fixture;

/* rows as the version that made their tables wrote them */
static const struct {
	unsigned version;
	const char *sql;
} rows[] = {
	{ 1,
	  "INSERT INTO siftd.organisations (name) VALUES ('o');"
	  "INSERT INTO siftd.users (name, email, password_hash) VALUES ('u', 'u@x', '');"
	  "INSERT INTO siftd.projects (organisation_id, name) VALUES (1, 'p');"
	  "INSERT INTO siftd.ingestions (project_id, name, source_type, stored_events,"
	  " stored_bytes) VALUES (1, 'i', 'push', 10, 100)" },
	{ 2,
	  "INSERT INTO siftd.event_blocks (project_id, ingestion_id, first_seq,"
	  " event_count, received_day, without_ts, raw_bytes, severities, template_keys,"
	  " meta, body, words) VALUES (1, 1, 1, 10, '2026-01-05', 10, 100,"
	  " '{0,0,0,10,0,0,0,0}', '{5}', 'm', 'b', '')" },
	{ 3,
	  "INSERT INTO siftd.groups (project_id, root_key) VALUES (1, 5), (1, 6);"
	  "UPDATE siftd.groups SET merged_into = 1 WHERE id = 2;"
	  "INSERT INTO siftd.templates (project_id, key, group_id, root_key, generalised,"
	  " tokens, text, sample, reason) SELECT 1, k, 1, k, false, 't', 't', 's', 'r'"
	  " FROM generate_series(5, 6) AS k;"
	  "INSERT INTO siftd.group_merges (project_id, group_id, merged_id,"
	  " template_keys, reason) VALUES (1, 1, 2, '{6}', 'r');"
	  "INSERT INTO siftd.group_counts VALUES (1, 1, 5, 100, 3, 'a', 6),"
	  " (1, 1, 5, 101, 3, '', 4);"
	  "INSERT INTO siftd.group_stats VALUES (1, 1, 5, 10, 1, 2, 10, 'raw')" },
	{ 4, "INSERT INTO siftd.findings (project_id, rule_id, key, title, severity,"
	     " confidence, status, first_us, last_us, total)"
	     " VALUES (1, 'r', '', 't', 1, 1, 'open', 0, 0, 10);"
	     "INSERT INTO siftd.finding_templates VALUES (1, 1, 1, 5, 10, 0, 0);"
	     "INSERT INTO siftd.evidence VALUES (1, 1, 1, 5, 0, 1, 0, 'raw');"
	     "INSERT INTO siftd.window_buckets (project_id, rule_id, key, bucket_us,"
	     " width_us, count) VALUES (1, 'r', '', 0, 1, 10)" },
	{ 5, "INSERT INTO siftd.source_positions (host_id, source, stream,"
	     " position_offset, position_inner) VALUES ('h', 's', 't', 7, 0);"
	     "INSERT INTO siftd.ledger (host_id, source, stream, received_bytes,"
	     " stored_bytes, stored_records) VALUES ('h', 's', 't', 100, 100, 10)" },
	{ 8, "INSERT INTO siftd.group_variables VALUES (1, 5, 'n', 'num', 3);"
	     "INSERT INTO siftd.group_variable_values VALUES (1, 5, 'n', '1', 3, 0)" },
	{ 20, "INSERT INTO siftd.channels (project_id, name, kind, url, secret)"
	      " VALUES (1, 'c', 'webhook', 'http://u:p@h:1/t', 's')" },
};

/* what every later version must still say of them */
static const struct {
	unsigned version;
	const char *sql;
	int64_t expected;
} answers[] = {
	{ 1, "SELECT count(*) FROM siftd.projects WHERE organisation_id = 1", 1 },
	{ 1, "SELECT stored_events FROM siftd.ingestions", 10 },
	{ 2, "SELECT sum(event_count) FROM siftd.event_blocks WHERE first_seq = 1",
	  10 },
	{ 3, "SELECT count(*) FROM siftd.templates WHERE group_id = 1", 2 },
	{ 3, "SELECT merged_into FROM siftd.groups WHERE id = 2", 1 },
	{ 3, "SELECT count(*) FROM siftd.group_merges WHERE template_keys = '{6}'", 1 },
	{ 3, "SELECT sum(count) FROM siftd.group_counts", 10 },
	{ 3, "SELECT count FROM siftd.group_stats", 10 },
	{ 4, "SELECT total FROM siftd.findings", 10 },
	{ 20,
	  "SELECT count(*) FROM siftd.channels WHERE server IN ('h:1', '') AND key_id = ''"
	  " AND secret = 's'",
	  1 },
	{ 4, "SELECT count FROM siftd.finding_templates", 10 },
	{ 4, "SELECT length(raw) FROM siftd.evidence", 3 },
	{ 4, "SELECT count FROM siftd.window_buckets", 10 },
	{ 5, "SELECT position_offset FROM siftd.source_positions", 7 },
	{ 5, "SELECT stored_bytes FROM siftd.ledger", 100 },
	{ 8, "SELECT count FROM siftd.group_variable_values", 3 },
	/* the newest can work with them: a decision, a flush's function, upkeep */
	{ 3, "SELECT group_id FROM siftd.person_undoes(1, 1)", 2 },
	{ 1, "SELECT siftd.removal_step(10, 10)", 0 },
};

static void start_empty(void)
{
	pg_fixture_exec(&fixture, "DROP SCHEMA IF EXISTS siftd CASCADE");
}

/* as the siftd of that version left it */
static void make_version(unsigned version)
{
	start_empty();
	pg_fixture_exec(&fixture,
			"CREATE SCHEMA siftd; CREATE TABLE siftd.schema_versions ("
			"version integer PRIMARY KEY, name text NOT NULL,"
			" applied_at timestamptz NOT NULL DEFAULT now())");
	for (unsigned i = 1; i <= version; i++) {
		char sql[200];

		pg_fixture_exec(&fixture, pg_migrations[i - 1].sql);
		(void)snprintf(sql, sizeof(sql),
			       "INSERT INTO siftd.schema_versions VALUES (%u, '%s')", i,
			       pg_migrations[i - 1].name);
		pg_fixture_exec(&fixture, sql);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].version <= version)
			pg_fixture_exec(&fixture, rows[i].sql);
	}
}

static void from_every_version(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= pg_schema_known(); version++) {
		struct error error = { 0 };
		unsigned applied = 0;

		make_version(version);
		if (pg_schema_apply(embedded_pg_conninfo(fixture.pg), &applied,
				    &error) < 0)
			fail_msg("from version %u: %s", version, error.text);
		assert_int_equal(applied, pg_schema_known() - version);
		for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
			if (answers[i].version <= version &&
			    pg_fixture_int(&fixture, answers[i].sql) !=
				    answers[i].expected)
				fail_msg("from version %u: %s", version,
					 answers[i].sql);
		}
	}
}

/* before group_heads and its like were made and filled */
#define BEFORE_WHOLE_GROUPS 43

static void what_was_filled_is_analyzed(void **state)
{
	static const char tuples[] =
		"SELECT reltuples::bigint FROM pg_class WHERE oid = 'siftd.%s'::regclass";
	static const struct {
		const char *table;
		int64_t expected;
	} cases[] = {
		{ "group_heads", 1 },
		{ "group_times", 3 },
		{ "mutes", -1 }, /* empty: nothing is known of it */
	};
	struct error error = { 0 };
	char sql[200];

	(void)state;
	make_version(BEFORE_WHOLE_GROUPS);
	if (pg_schema_apply(embedded_pg_conninfo(fixture.pg), NULL, &error) < 0)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(sql, sizeof(sql), tuples, cases[i].table); /* fits */
		assert_int_equal(pg_fixture_int(&fixture, sql), cases[i].expected);
	}
}

struct starting {
	pthread_t thread;
	unsigned applied;
	int status;
	struct error error;
};

static void *apply(void *context)
{
	struct starting *starting = context;

	starting->status = pg_schema_apply(embedded_pg_conninfo(fixture.pg),
					   &starting->applied, &starting->error);
	return NULL;
}

static void three_start_at_once(void **state)
{
	struct starting daemons[DAEMONS] = { 0 };
	unsigned applied = 0;

	(void)state;
	start_empty();
	for (size_t i = 0; i < DAEMONS; i++)
		assert_int_equal(
			pthread_create(&daemons[i].thread, NULL, apply, &daemons[i]),
			0);
	for (size_t i = 0; i < DAEMONS; i++)
		pthread_join(daemons[i].thread, NULL);
	for (size_t i = 0; i < DAEMONS; i++) {
		if (daemons[i].status < 0)
			fail_msg("%s", daemons[i].error.text);
		applied += daemons[i].applied;
	}
	assert_int_equal(applied, pg_schema_known());
}

static void newer_is_refused(void **state)
{
	struct error error = { 0 };
	char wanted[80];

	(void)state;
	pg_fixture_exec(&fixture,
			"INSERT INTO siftd.schema_versions VALUES (9999, 'later')");
	assert_int_equal(
		pg_schema_apply(embedded_pg_conninfo(fixture.pg), NULL, &error), -1);
	(void)snprintf(wanted, sizeof(wanted),
		       "schema version 9999 and this siftd knows %u",
		       pg_schema_known());
	assert_non_null(strstr(error.text, wanted));
	assert_int_equal(
		pg_fixture_int(&fixture,
			       "SELECT max(version) FROM siftd.schema_versions"),
		9999);
}

static int set_up(void **state)
{
	(void)state;
	pg_fixture_start(&fixture, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pg_fixture_stop(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_every_version),
		cmocka_unit_test(what_was_filled_is_analyzed),
		cmocka_unit_test(three_start_at_once),
		cmocka_unit_test(newer_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
