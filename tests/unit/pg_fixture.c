/* pg_fixture.c - an embedded PostgreSQL in a folder below /tmp */
#include "pg_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "sinks/pg_schema.h"

static void connect_again(struct pg_fixture *fixture)
{
	struct error error = { 0 };

	pg_sync_close(&fixture->sync);
	if (pg_sync_open(embedded_pg_conninfo(fixture->pg), &fixture->sync, &error) !=
	    0)
		fail_msg("%s", error.text);
}

static void start(struct pg_fixture *fixture)
{
	struct embedded_pg_config config = { .state_dir = fixture->folder };
	struct error error = { 0 };

	if (embedded_pg_start(&config, &fixture->pg, &error) != 0)
		fail_msg("%s", error.text);
	connect_again(fixture);
}

void pg_fixture_start(struct pg_fixture *fixture, int schema)
{
	struct error error = { 0 };

	log_set_level(LOG_LEVEL_WARN);
	*fixture = (struct pg_fixture){ 0 };
	strcpy(fixture->folder, "/tmp/siftd-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	start(fixture);
	if (schema &&
	    pg_schema_apply(embedded_pg_conninfo(fixture->pg), NULL, &error) != 0)
		fail_msg("%s", error.text);
}

void pg_fixture_stop(struct pg_fixture *fixture)
{
	char command[128];
	int length = 0;

	pg_sync_close(&fixture->sync);
	embedded_pg_stop(&fixture->pg);
	length = snprintf(command, sizeof(command), "rm -rf '%s'", fixture->folder);
	assert_true(length > 0 && (size_t)length < sizeof(command));
	assert_int_equal(system(command), 0); /* NOLINT: the folder is ours */
}

void pg_fixture_crash(struct pg_fixture *fixture)
{
	assert_int_equal(kill(embedded_pg_pid(fixture->pg), SIGKILL), 0);
	/* the old handle is only freed: its process is gone */
	embedded_pg_stop(&fixture->pg);
	start(fixture);
}

int64_t pg_fixture_int(struct pg_fixture *fixture, const char *sql)
{
	const struct pg_rows *rows = NULL;
	struct error error = { 0 };

	if (pg_sync_exec(fixture->sync, sql, &rows, &error) != 0)
		fail_msg("%s: %s", sql, error.text);
	assert_true(pg_rows_count(rows) > 0);
	return pg_rows_int(rows, 0, 0);
}

void pg_fixture_exec(struct pg_fixture *fixture, const char *sql)
{
	struct error error = { 0 };

	if (pg_sync_exec(fixture->sync, sql, NULL, &error) != 0)
		fail_msg("%s: %s", sql, error.text);
}
