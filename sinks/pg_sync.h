/* pg_sync.h - a connection that waits for its answers: start-up, commands and tests
 *
 * Threads: one owner at a time; never the loop thread once the loop runs.
 * Owner: pg_sync_close; rows belong to the connection until its next call.
 */
#ifndef SIFTD_SINKS_PG_SYNC_H
#define SIFTD_SINKS_PG_SYNC_H

#include "base/error.h"
#include "sinks/pg_rows.h"

struct pg_sync;

MUST_CHECK int pg_sync_open(const char *conninfo, struct pg_sync **out,
			    struct error *error);
void pg_sync_close(struct pg_sync **sync);
/* statements without parameters, one transaction unless they say otherwise; the rows of
 * the last one */
MUST_CHECK int pg_sync_exec(struct pg_sync *sync, const char *sql,
			    const struct pg_rows **rows, struct error *error);
/* one statement; parameters $1, $2 ... in text form, NUL-terminated, NULL for SQL NULL
 */
MUST_CHECK int pg_sync_query(struct pg_sync *sync, const char *sql,
			     const char *const *params, const struct pg_rows **rows,
			     struct error *error);

#endif
