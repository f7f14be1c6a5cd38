/* db.h - a request's SQL: parameters, errors turned into answers, cancel with the
 * client
 *
 * Threads: the loop thread only.
 * Owner: parameters lie in the request's arena; rows live during the callback only.
 * Limits: one statement at a time for each request (asserted); the pool's own.
 */
#ifndef SIFTD_API_DB_H
#define SIFTD_API_DB_H

#include <stdint.h>

#include "api/request.h"
#include "sinks/pg_pool.h"

#define DB_PARAMS_MAX 16

/* is called with rows; never after the client has gone */
typedef void db_rows_fn(struct request *request, const struct pg_rows *rows);

struct db_call {
	const char *sql;
	struct pg_param params[DB_PARAMS_MAX];
	size_t params_count;
	db_rows_fn *done;
	/* what 409 says when a unique constraint is violated; NULL: our bug, 500 */
	const char *conflict;
	/* is called when the database is away, or too busy: true: the request goes on
	 * without it; false, or NULL: 503. May run another call */
	bool (*away)(struct request *request);
	/* reads nothing that belongs to anybody: runs without the caller's settings */
	bool is_nobodys;
};

void db_add_int(struct request *request, struct db_call *call, int64_t value);
void db_add_text(struct db_call *call, struct slice value);
void db_add_bytes(struct db_call *call, struct slice value);
/* runs it; errors are answered here: 503 away or busy, 504 too slow, 409, 500 */
void db_run(struct request *request, const struct db_call *call);

#endif
