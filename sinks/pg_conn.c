/* pg_conn.c - libpq's nonblocking calls as one state machine on libevent */
#include "sinks/pg_conn.h"

#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_conninfo.h"
#include "sinks/pg_resolve.h"

#define CONNECT_MS_MAX 10000
#define BACKOFF_MS_MIN 100
#define BACKOFF_MS_MAX 5000

enum conn_state {
	STATE_WAITING,
	STATE_RESOLVING,
	STATE_CONNECTING,
	STATE_SETUP,
	STATE_READY
};

struct pg_conn {
	struct event_base *base;
	char *conninfo;
	char *setup;
	bool pipeline;
	const struct pg_conn_ops *ops;
	void *context;

	enum conn_state state;
	PGconn *pq;
	struct pg_resolve *resolve;
	struct event *timer;   /* of the attempt, or of the wait for the next one */
	struct event *io_read; /* persistent from SETUP on; one-shot while connecting */
	struct event *io_write; /* one-shot */
	unsigned statements;    /* whose answers are due */
	unsigned syncs;
	unsigned backoff_ms;
	bool *freed; /* set while a callback runs: pg_conn_free was called inside */
	struct error last_error;
};

static void attempt(struct pg_conn *conn);
static void turn(struct pg_conn *conn);

static void on_timer(evutil_socket_t fd, short what, void *arg);
static void on_io(evutil_socket_t fd, short what, void *arg);

static void set_timer(struct pg_conn *conn, unsigned ms)
{
	struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L };

	evtimer_add(conn->timer, &delay);
}

static void forget_io(struct pg_conn *conn)
{
	if (conn->io_read != NULL)
		event_free(conn->io_read);
	if (conn->io_write != NULL)
		event_free(conn->io_write);
	conn->io_read = NULL;
	conn->io_write = NULL;
}

static void remember_pq_error(struct pg_conn *conn)
{
	const char *text = PQerrorMessage(conn->pq);
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	(void)error_set(&conn->last_error, "postgresql: %.*s", (int)len, text);
}

/* back to WAITING; last_error says why */
static void fail(struct pg_conn *conn)
{
	bool was_ready = conn->state == STATE_READY;

	forget_io(conn);
	pg_resolve_free(&conn->resolve);
	PQfinish(conn->pq);
	conn->pq = NULL;
	conn->statements = 0;
	conn->syncs = 0;
	conn->state = STATE_WAITING;
	if (was_ready)
		conn->backoff_ms = BACKOFF_MS_MIN;
	log_warn("postgresql", "no connection retry_ms=%u error=\"%s\"",
		 conn->backoff_ms, conn->last_error.text);
	set_timer(conn, conn->backoff_ms);
	conn->backoff_ms = conn->backoff_ms * 2 < BACKOFF_MS_MAX ? conn->backoff_ms * 2
								 : BACKOFF_MS_MAX;
	conn->ops->lost(conn->context, &conn->last_error);
}

static void fail_pq(struct pg_conn *conn)
{
	remember_pq_error(conn);
	fail(conn);
}

static void notice(void *context, const char *text)
{
	(void)context;
	log_debug("postgresql", "%s", text);
}

/* addresses NULL: the conninfo needs none */
static void begin_connecting(struct pg_conn *conn, const struct pg_addresses *addresses)
{
	const char *keys[] = { "fallback_application_name",
			       "keepalives_idle",
			       "tcp_user_timeout",
			       "client_encoding",
			       "dbname",
			       "host",
			       "hostaddr",
			       "port",
			       NULL };
	const char *values[] = { "siftd",
				 "30",
				 "30000",
				 "UTF8",
				 conn->conninfo,
				 addresses == NULL ? NULL : addresses->host,
				 addresses == NULL ? NULL : addresses->hostaddr,
				 addresses == NULL ? NULL : addresses->port,
				 NULL };

	conn->state = STATE_CONNECTING;
	conn->pq = PQconnectStartParams(keys, values, 1);
	if (conn->pq == NULL) {
		(void)error_set(&conn->last_error, "postgresql: out of memory");
		fail(conn);
		return;
	}
	if (PQstatus(conn->pq) == CONNECTION_BAD) {
		fail_pq(conn);
		return;
	}
	(void)PQsetNoticeProcessor(conn->pq, notice, NULL); /* gives the old one */
	conn->io_write =
		event_new(conn->base, PQsocket(conn->pq), EV_WRITE, on_io, conn);
	event_add(conn->io_write, NULL);
}

static void resolved(void *context, const struct pg_addresses *addresses,
		     const struct error *error)
{
	struct pg_conn *conn = context;

	if (addresses == NULL) {
		conn->last_error = *error;
		fail(conn);
		return;
	}
	begin_connecting(conn, addresses);
	pg_resolve_free(&conn->resolve);
}

/* the host and port that the conninfo names; they borrow from options */
static void find_host(const PQconninfoOption *options, const char **host,
		      const char **port)
{
	*host = NULL;
	*port = "";
	for (const PQconninfoOption *at = options; at->keyword != NULL; at++) {
		if (at->val == NULL)
			continue;
		if (strcmp(at->keyword, "host") == 0 && *host == NULL)
			*host = at->val;
		if (strcmp(at->keyword, "hostaddr") == 0)
			*host = "";
		if (strcmp(at->keyword, "port") == 0)
			*port = at->val;
	}
}

static void begin_resolving(struct pg_conn *conn, const PQconninfoOption *options)
{
	struct pg_resolve_request request = { .done = resolved, .context = conn };

	find_host(options, &request.host, &request.port);
	if (request.host == NULL || !pg_resolve_needed(request.host)) {
		begin_connecting(conn, NULL);
		return;
	}
	conn->state = STATE_RESOLVING;
	if (pg_resolve_start(conn->base, &request, &conn->resolve, &conn->last_error) !=
	    0)
		fail(conn);
}

static void attempt(struct pg_conn *conn)
{
	PQconninfoOption *options = PQconninfoParse(conn->conninfo, NULL);

	set_timer(conn, CONNECT_MS_MAX);
	if (options == NULL) {
		if (pg_conninfo_check(conn->conninfo, &conn->last_error) == 0)
			(void)error_set(&conn->last_error, "postgresql: out of memory");
		fail(conn);
		return;
	}
	begin_resolving(conn, options);
	PQconninfoFree(options);
}

static void become_ready(struct pg_conn *conn)
{
	evtimer_del(conn->timer);
	if (conn->pipeline && PQenterPipelineMode(conn->pq) != 1) {
		fail_pq(conn);
		return;
	}
	conn->state = STATE_READY;
	conn->backoff_ms = BACKOFF_MS_MIN;
	log_debug("postgresql", "connected backend=%d", PQbackendPID(conn->pq));
	conn->ops->ready(conn->context);
}

static void connected(struct pg_conn *conn)
{
	forget_io(conn);
	if (PQsetnonblocking(conn->pq, 1) != 0) {
		fail_pq(conn);
		return;
	}
	conn->io_read = event_new(conn->base, PQsocket(conn->pq), EV_READ | EV_PERSIST,
				  on_io, conn);
	conn->io_write =
		event_new(conn->base, PQsocket(conn->pq), EV_WRITE, on_io, conn);
	event_add(conn->io_read, NULL);
	conn->state = STATE_SETUP;
	if (conn->setup == NULL) {
		become_ready(conn);
		return;
	}
	if (PQsendQuery(conn->pq, conn->setup) != 1)
		fail_pq(conn);
	else
		pg_conn_sent(conn, 1, 0);
}

static void poll_connecting(struct pg_conn *conn)
{
	PostgresPollingStatusType polled = PQconnectPoll(conn->pq);
	short what = polled == PGRES_POLLING_READING ? EV_READ : EV_WRITE;

	/* the socket may be another one after each step: a new event each time */
	forget_io(conn);
	if (polled == PGRES_POLLING_OK) {
		connected(conn);
	} else if (polled == PGRES_POLLING_FAILED) {
		fail_pq(conn);
	} else {
		conn->io_write =
			event_new(conn->base, PQsocket(conn->pq), what, on_io, conn);
		event_add(conn->io_write, NULL);
	}
}

/* an ERROR in the setup makes the connection useless */
static void take_setup(struct pg_conn *conn, const PGresult *result)
{
	if (result == NULL) {
		become_ready(conn);
	} else if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		   PQresultStatus(result) != PGRES_TUPLES_OK) {
		fail_pq(conn);
	}
}

static void give(struct pg_conn *conn, const PGresult *result)
{
	if (result != NULL) {
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			conn->syncs--;
	} else if (conn->statements > 0) {
		conn->statements--;
	} else {
		return; /* behind an error of the commit itself */
	}
	if (conn->state == STATE_SETUP)
		take_setup(conn, result);
	else
		conn->ops->result(conn->context, result);
}

static bool is_awaiting(const struct pg_conn *conn)
{
	return conn->statements > 0 || conn->syncs > 0;
}

static bool take_notices(PGconn *pq)
{
	PGnotify *notice = NULL;
	bool any = false;

	while ((notice = PQnotifies(pq)) != NULL) {
		any = true;
		PQfreemem(notice);
	}
	return any;
}

static void read_results(struct pg_conn *conn)
{
	bool freed = false;

	if (PQconsumeInput(conn->pq) != 1) {
		fail_pq(conn);
		return;
	}
	conn->freed = &freed;
	/* a callback may lose, drop or free the connection */
	while (!freed && conn->pq != NULL && is_awaiting(conn) && !PQisBusy(conn->pq)) {
		PGresult *result = PQgetResult(conn->pq);

		give(conn, result);
		PQclear(result);
	}
	if (freed)
		return;
	conn->freed = NULL;
	if (conn->pq != NULL && !is_awaiting(conn) &&
	    PQstatus(conn->pq) != CONNECTION_OK)
		fail_pq(conn);
	else if (conn->state == STATE_READY && conn->ops->notified != NULL &&
		 take_notices(conn->pq))
		conn->ops->notified(conn->context);
}

static void write_out(struct pg_conn *conn)
{
	int left = PQflush(conn->pq);

	if (left < 0)
		fail_pq(conn);
	else if (left > 0)
		event_add(conn->io_write, NULL);
	else if (conn->state == STATE_READY && conn->ops->drained != NULL)
		conn->ops->drained(conn->context);
}

/* one turn of the machine: its socket or its timer is due */
static void turn(struct pg_conn *conn)
{
	switch (conn->state) {
	case STATE_WAITING:
		attempt(conn);
		break;
	case STATE_RESOLVING:
		break;
	case STATE_CONNECTING:
		poll_connecting(conn);
		break;
	case STATE_SETUP:
	case STATE_READY:
		/* reading first: a full server that cannot send does not receive */
		read_results(conn);
		break;
	}
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *conn = arg;

	(void)fd;
	if (conn->state == STATE_CONNECTING || (what & EV_READ) != 0)
		turn(conn);
	else
		write_out(conn);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->state == STATE_WAITING) {
		turn(conn);
		return;
	}
	(void)error_set(&conn->last_error,
			"postgresql: connecting took longer than %d s",
			CONNECT_MS_MAX / 1000);
	fail(conn);
}

struct pg_conn *pg_conn_new(struct event_base *base,
			    const struct pg_conn_config *config)
{
	struct pg_conn *conn = mem_calloc(1, sizeof(*conn));

	conn->base = base;
	conn->conninfo = mem_strdup(config->conninfo);
	conn->setup = config->setup == NULL ? NULL : mem_strdup(config->setup);
	conn->pipeline = config->pipeline;
	conn->ops = config->ops;
	conn->context = config->context;
	conn->backoff_ms = BACKOFF_MS_MIN;
	conn->timer = evtimer_new(base, on_timer, conn);
	/* not from inside: the owner is not ready for callbacks yet */
	set_timer(conn, 0);
	return conn;
}

void pg_conn_free(struct pg_conn **conn_ptr)
{
	struct pg_conn *conn = *conn_ptr;

	if (conn == NULL)
		return;
	if (conn->freed != NULL)
		*conn->freed = true;
	forget_io(conn);
	event_free(conn->timer);
	pg_resolve_free(&conn->resolve);
	PQfinish(conn->pq);
	mem_free(conn->conninfo);
	mem_free(conn->setup);
	mem_free(conn);
	*conn_ptr = NULL;
}

bool pg_conn_ready(const struct pg_conn *conn)
{
	return conn->state == STATE_READY;
}

PGconn *pg_conn_pq(struct pg_conn *conn)
{
	return conn->pq;
}

void pg_conn_sent(struct pg_conn *conn, unsigned statements, unsigned syncs)
{
	conn->statements += statements;
	conn->syncs += syncs;
	/* writes what the socket takes now; an error shows at the next read */
	event_active(conn->io_write, EV_WRITE, 0);
}

static void *run_cancel(void *arg)
{
	PGcancel *cancel = arg;
	char why[256];

	if (PQcancel(cancel, why, sizeof(why)) != 1)
		log_warn("postgresql", "a query could not be cancelled error=\"%s\"",
			 why);
	PQfreeCancel(cancel);
	return NULL;
}

void pg_conn_cancel(struct pg_conn *conn)
{
	PGcancel *cancel = PQgetCancel(conn->pq);
	pthread_t thread;

	if (cancel == NULL)
		return;
	if (pthread_create(&thread, NULL, run_cancel, cancel) == 0)
		(void)pthread_detach(thread); /* ours, and joinable until here */
	else
		PQfreeCancel(cancel);
}

void pg_conn_drop(struct pg_conn *conn, const char *why)
{
	(void)error_set(&conn->last_error, "postgresql: %s", why);
	fail(conn);
}

const char *pg_conn_last_error(const struct pg_conn *conn)
{
	return conn->last_error.text;
}
