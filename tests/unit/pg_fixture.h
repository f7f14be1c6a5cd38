/* pg_fixture.h - a PostgreSQL of its own for a test program
 *
 * Threads: the test's. Owner: pg_fixture_stop ends the server and removes its folder.
 */
#ifndef SIFTD_TESTS_PG_FIXTURE_H
#define SIFTD_TESTS_PG_FIXTURE_H

#include <stdint.h>

#include "daemon/embedded_pg.h"
#include "sinks/pg_sync.h"

struct pg_fixture {
	char folder[64];
	struct embedded_pg *pg;
	struct pg_sync *sync; /* for looking at what was stored */
};

/* with the schema when `schema`; fails the test program's set-up otherwise */
void pg_fixture_start(struct pg_fixture *fixture, int schema);
void pg_fixture_stop(struct pg_fixture *fixture);
/* kills the postmaster without warning, starts it again, and connects again */
void pg_fixture_crash(struct pg_fixture *fixture);
/* the first column of the first row as a number; fails the test on an error */
int64_t pg_fixture_int(struct pg_fixture *fixture, const char *sql);
void pg_fixture_exec(struct pg_fixture *fixture, const char *sql);

#endif
