/* flush_test.h - a flush, its loop and its database, for tests of what batches become
 *
 * Threads: the test's. Owner: set-up and tear-down of each test; flush_test_main of the
 * database.
 */
#ifndef SIFTD_TESTS_FLUSH_TEST_H
#define SIFTD_TESTS_FLUSH_TEST_H

#include "flush_batch.h"
#include "pg_fixture.h"
#include "sinks/pg_flush.h"

struct flush_test {
	struct pg_fixture pg;
	struct event_base *base;
	/* a project, an ingestion and a stream of its own for each test */
	struct flush_batch_origin origin;
};

extern struct flush_test flush_test;

struct flush_results {
	unsigned committed;
	unsigned guard_failed;
	unsigned discarded;
	unsigned wanted;
};

void flush_test_start(void);
void flush_test_stop(void);
int flush_test_set_up(void **state);
int flush_test_tear_down(void **state);
struct pg_flush *flush_test_new(struct flush_results *results);
/* runs the loop until so many batches are done, since flush_test_new */
void flush_test_run(struct flush_results *results, unsigned wanted);
/* through a flush of its own; the batch is committed, or the test fails */
void flush_test_commit(struct batch *batch);
int64_t flush_test_int(const char *sql);
/* the first column of a query about the test's own project: SELECT `from` AND ... */
int64_t flush_test_mine(const char *from);
/* where the stream stands in the database */
int64_t flush_test_position(void);

#endif
