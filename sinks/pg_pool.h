/* pg_pool.h - asynchronous queries on a small pool of PostgreSQL connections
 *
 * Threads: the loop thread only.
 * Owner: pg_pool_free closes all; pending queries are answered with an error first.
 *        Rows are valid during the callback only. Parameters are copied by pg_query.
 * Limits: connections_max connections, pending_max waiting queries (then -1),
 * query_ms_max per query (statement_timeout, and the client cancels); counters in
 * pg_pool_stats.
 *
 * Connections open on demand, reconnect with backoff (0.1 s to 5 s), and never block
 * the loop.
 *
 * Each connection prepares a statement when it meets its text for the first time
 * (pg_prepared.h), so texts are to be few and constant, and what varies a parameter. A
 * statement that no longer fits the schema, or that the server has forgotten, is
 * prepared and run once more.
 */
#ifndef SIFTD_SINKS_PG_POOL_H
#define SIFTD_SINKS_PG_POOL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "sinks/pg_rows.h"

struct pg_pool;
struct pg_query;

struct pg_config {
	const char *conninfo; /* libpq's keywords or URI */
	unsigned connections_max;
	unsigned pending_max;
	unsigned query_ms_max;
};

enum pg_error_kind {
	PG_ERROR_AWAY,    /* no connection, or it was lost: say 503 */
	PG_ERROR_TIMEOUT, /* the query ran too long */
	PG_ERROR_BUSY,    /* too many waiting */
	PG_ERROR_SQL      /* the server refused it; sqlstate is set */
};

struct pg_error {
	enum pg_error_kind kind;
	char sqlstate[6];
	struct error error;
};

/* a parameter: text form, or binary when `binary`; NULL when ptr is NULL */
struct pg_param {
	struct slice value;
	bool binary;
};

/* what is sent; borrows */
struct pg_statement {
	const char *sql;
	const struct pg_param *params;
	size_t params_count;
	bool binary; /* the answer's form */
	/* runs first, in the same transaction: for settings that end with it. Its rows
	 * go to nobody, its error is the answer. NULL: nothing does */
	const struct pg_statement *before;
};

/* is called once for each query: rows, or NULL with an error */
typedef void pg_query_fn(void *context, const struct pg_rows *rows,
			 const struct pg_error *error);

struct pg_pool *pg_pool_new(struct event_base *base, const struct pg_config *config);
void pg_pool_free(struct pg_pool **pool);
/* $1, $2 ... in sql; the answer comes in text form, or binary when `binary`. Returns a
 * handle for pg_query_cancel, valid until the callback; the callback is never called
 * from inside. */
struct pg_query *pg_query(struct pg_pool *pool, const char *sql,
			  const struct pg_param *params, size_t params_count,
			  bool binary, pg_query_fn *done, void *context);
/* as pg_query */
struct pg_query *pg_query_run(struct pg_pool *pool,
			      const struct pg_statement *statement, pg_query_fn *done,
			      void *context);
/* the callback will not be called; the server is told to stop */
void pg_query_cancel(struct pg_query *query);
/* a connection is there, or was within the last second */
bool pg_pool_ready(const struct pg_pool *pool);

#endif
