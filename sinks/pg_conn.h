/* pg_conn.h - one asynchronous PostgreSQL connection on the loop (internal to pg_*.c)
 *
 * Threads: the loop thread only.
 * Owner: pg_conn_free; results given to a callback are freed after it.
 * Limits: a connecting attempt takes at most 10 s; attempts are 0.1 s to 5 s apart.
 *
 *	WAITING -> RESOLVING -> CONNECTING -> SETUP -> READY
 *	   ^-----------------------------------------------+ on any failure
 *
 * In READY the owner sends with libpq's own PQsend... calls on pg_conn_pq, tells each
 * thing it sent by pg_conn_sent, and gets the results back in order.
 */
#ifndef SIFTD_SINKS_PG_CONN_H
#define SIFTD_SINKS_PG_CONN_H

#include <event2/event.h>
#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"

struct pg_conn;

struct pg_conn_ops {
	/* is called when the connection has become READY */
	void (*ready)(void *context);
	/* is called with each result, and with NULL behind the last one of each
	 * statement; a pipeline's sync has one result and no NULL */
	void (*result)(void *context, const PGresult *result);
	/* is called when a READY connection was lost, or an attempt failed; it tries
	 * again by itself */
	void (*lost)(void *context, const struct error *error);
	/* is called when the server has told of what the connection listens to; may be
	 * NULL */
	void (*notified)(void *context);
	/* is called when the socket has taken all that was sent; may be NULL */
	void (*drained)(void *context);
};

struct pg_conn_config {
	const char *conninfo; /* copied */
	const char *setup;    /* statements of a new connection, or NULL; copied */
	bool pipeline;
	const struct pg_conn_ops *ops;
	void *context;
};

struct pg_conn *pg_conn_new(struct event_base *base,
			    const struct pg_conn_config *config);
void pg_conn_free(struct pg_conn **conn);
bool pg_conn_ready(const struct pg_conn *conn);
/* of a READY connection */
PGconn *pg_conn_pq(struct pg_conn *conn);
/* so many statements and pipeline syncs were handed to libpq: answers are awaited */
void pg_conn_sent(struct pg_conn *conn, unsigned statements, unsigned syncs);
/* asks the server to stop the statement that runs; on a thread of its own */
void pg_conn_cancel(struct pg_conn *conn);
/* gives the connection up, calls lost, and connects again */
void pg_conn_drop(struct pg_conn *conn, const char *why);
/* why the last attempt failed; "" before the first failure */
const char *pg_conn_last_error(const struct pg_conn *conn);

#endif
