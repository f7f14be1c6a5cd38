/* test_embedded_pg.c - making, adopting, recovering and stopping the private server */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/embedded_pg.h"
#include "pg_fixture.h"
#include "sinks/pg_schema.h"

static struct pg_fixture fixture;

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

static void test_schema_once(void **state)
{
	const char *conninfo = embedded_pg_conninfo(fixture.pg);
	struct error error = { 0 };
	unsigned version = 99;
	unsigned applied = 0;

	(void)state;
	assert_int_equal(pg_schema_read(conninfo, &version, &error), 0);
	assert_int_equal(version, 0);
	assert_int_equal(pg_schema_apply(conninfo, &applied, &error), 0);
	assert_int_equal(applied, pg_schema_known());
	assert_int_equal(pg_schema_apply(conninfo, &applied, &error), 0);
	assert_int_equal(applied, 0);
	assert_int_equal(pg_schema_read(conninfo, &version, &error), 0);
	assert_int_equal(version, pg_schema_known());
}

static void test_newer_schema_is_refused(void **state)
{
	struct error error = { 0 };

	(void)state;
	pg_fixture_exec(&fixture, "INSERT INTO siftd.schema_versions (version, name)"
				  " VALUES (9999, 'of the future')");
	assert_int_equal(
		pg_schema_apply(embedded_pg_conninfo(fixture.pg), NULL, &error), -1);
	assert_non_null(strstr(error.text, "newer siftd"));
	pg_fixture_exec(&fixture, "DELETE FROM siftd.schema_versions"
				  " WHERE version = 9999");
}

/* a database.url of a plain user who owns the database */
static void test_schema_without_superuser(void **state)
{
	char conninfo[256];
	struct error error = { 0 };

	(void)state;
	pg_fixture_exec(&fixture, "CREATE ROLE plain LOGIN");
	pg_fixture_exec(&fixture, "CREATE DATABASE plain OWNER plain");
	(void)snprintf(conninfo, sizeof(conninfo), "%s user=plain dbname=plain",
		       embedded_pg_conninfo(fixture.pg));
	if (pg_schema_apply(conninfo, NULL, &error) != 0)
		fail_msg("%s", error.text);
}

static void test_running_server_is_adopted(void **state)
{
	struct embedded_pg_config config = { .state_dir = fixture.folder };
	struct embedded_pg *second = NULL;
	struct error error = { 0 };
	pid_t pid = embedded_pg_pid(fixture.pg);

	(void)state;
	pg_fixture_exec(&fixture, "CREATE TABLE kept (a int)");
	assert_int_equal(embedded_pg_start(&config, &second, &error), 0);
	assert_int_equal(embedded_pg_pid(second), pid);
	embedded_pg_stop(&second);
	/* what the first one knows is gone now: it starts the server again */
	assert_int_equal(embedded_pg_check(fixture.pg, &error), 0);
	assert_int_equal(embedded_pg_start(&config, &second, &error), 0);
	embedded_pg_stop(&fixture.pg);
	fixture.pg = second;
	pg_sync_close(&fixture.sync);
	embedded_pg_stop(&fixture.pg);
	assert_int_equal(embedded_pg_start(&config, &fixture.pg, &error), 0);
	assert_int_equal(
		pg_sync_open(embedded_pg_conninfo(fixture.pg), &fixture.sync, &error),
		0);
	assert_int_equal(pg_fixture_int(&fixture, "SELECT count(*) FROM kept"), 0);
}

static void test_recovers_after_kill(void **state)
{
	(void)state;
	pg_fixture_exec(&fixture, "CREATE TABLE written AS SELECT 42 AS a");
	pg_fixture_crash(&fixture);
	assert_int_equal(pg_fixture_int(&fixture, "SELECT a FROM written"), 42);
}

/* after a reboot the number in postmaster.pid may belong to another process */
static void test_foreign_pid(void **state)
{
	struct embedded_pg_config config = { .state_dir = fixture.folder };
	struct error error = { 0 };
	char path[128];
	FILE *file = NULL;

	(void)state;
	pg_sync_close(&fixture.sync);
	embedded_pg_stop(&fixture.pg);
	(void)snprintf(path, sizeof(path), "%s/postgresql/data/postmaster.pid",
		       fixture.folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fprintf(file, "%ld\n/nowhere\n0\n5432\n/tmp\n\n", (long)getpid()) >
		    0);
	assert_int_equal(fclose(file), 0);
	if (embedded_pg_start(&config, &fixture.pg, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(
		pg_sync_open(embedded_pg_conninfo(fixture.pg), &fixture.sync, &error),
		0);
}

static void test_long_path(void **state)
{
	char folder[256];
	struct embedded_pg_config config = { .state_dir = folder };
	struct embedded_pg *pg = NULL;
	struct error error = { 0 };

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/%090d", fixture.folder, 7);
	assert_int_equal(mkdir(folder, 0755), 0);
	if (embedded_pg_start(&config, &pg, &error) != 0)
		fail_msg("%s", error.text);
	assert_null(strstr(embedded_pg_conninfo(pg), "0000000000"));
	embedded_pg_stop(&pg);
}

static void test_errors_are_clear(void **state)
{
	struct embedded_pg_config config = { .state_dir = "/nonexistent/state" };
	struct embedded_pg *pg = NULL;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(embedded_pg_start(&config, &pg, &error), -1);
	assert_non_null(strstr(error.text, "/nonexistent/state"));
	config.state_dir = fixture.folder;
	config.user = "no-such-user";
	if (geteuid() == 0) {
		assert_int_equal(embedded_pg_start(&config, &pg, &error), -1);
		assert_non_null(strstr(error.text, "no-such-user"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_once),
		cmocka_unit_test(test_newer_schema_is_refused),
		cmocka_unit_test(test_schema_without_superuser),
		cmocka_unit_test(test_running_server_is_adopted),
		cmocka_unit_test(test_recovers_after_kill),
		cmocka_unit_test(test_foreign_pid),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_errors_are_clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
