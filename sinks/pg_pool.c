/* pg_pool.c - queries waiting for one of a few connections */
#include "sinks/pg_pool.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sinks/pg_conn.h"
#include "sinks/pg_prepared.h"
#include "sinks/pg_sending.h"

/* the server's statement_timeout comes first; the client's is for a server that hangs
 */
#define CLIENT_GRACE_MS 500
#define READY_GRACE_US 1000000
/* of a statement that was prepared: the schema has changed since, or somebody between
 * us and the server has forgotten it */
#define FEATURE_NOT_SUPPORTED "0A000"
#define INVALID_STATEMENT_NAME "26000"

struct slot {
	struct pg_pool *pool;
	struct pg_conn *conn; /* NULL: not opened yet, or given up */
	struct pg_prepared *prepared;
	struct pg_query *running; /* NULL: idle */
	struct event *deadline;   /* of the running query */
};

enum query_state { QUERY_WAITING, QUERY_RUNNING, QUERY_FAILED };

struct pg_query {
	struct pg_pool *pool;
	struct pg_query *next; /* in the list of its state */
	enum query_state state;
	struct slot *slot;
	struct pg_sending before; /* sql NULL: nothing is */
	struct pg_sending statement;
	unsigned unwanted; /* answers that are due before its own */
	bool answered;     /* done was called: further results are not for it */
	bool stale;        /* is run once more, with statements prepared anew */
	bool again;        /* this is the second time */
	pg_query_fn *done;
	void *context;
	struct pg_error error; /* of a failed one */
};

struct query_list {
	struct pg_query *first;
	struct pg_query **end;
	unsigned count;
};

struct pg_pool {
	struct event_base *base;
	char *conninfo;
	char *setup;
	unsigned pending_max;
	unsigned query_ms_max;
	struct slot *slots;
	unsigned slots_count;
	struct query_list waiting;
	struct query_list failed; /* to be told from the loop, not from inside */
	struct event *turn;
	int64_t last_ready_us;
	bool freeing;
};

static void list_init(struct query_list *list)
{
	list->first = NULL;
	list->end = &list->first;
	list->count = 0;
}

static void list_push(struct query_list *list, struct pg_query *query)
{
	query->next = NULL;
	*list->end = query;
	list->end = &query->next;
	list->count++;
}

static void list_push_first(struct query_list *list, struct pg_query *query)
{
	query->next = list->first;
	list->first = query;
	if (query->next == NULL)
		list->end = &query->next;
	list->count++;
}

static struct pg_query *list_pop(struct query_list *list)
{
	struct pg_query *query = list->first;

	if (query == NULL)
		return NULL;
	list->first = query->next;
	if (list->first == NULL)
		list->end = &list->first;
	list->count--;
	return query;
}

static void list_remove(struct query_list *list, struct pg_query *query)
{
	struct pg_query **at = &list->first;

	while (*at != query)
		at = &(*at)->next;
	*at = query->next;
	if (query->next == NULL)
		list->end = at;
	list->count--;
}

static void query_free(struct pg_query *query)
{
	pg_sending_deinit(&query->before);
	pg_sending_deinit(&query->statement);
	mem_free(query);
}

/* waiting or new queries fail by way of the list, so that done is called by the loop */
static void query_fail_later(struct pg_query *query, enum pg_error_kind kind,
			     const char *why)
{
	query->state = QUERY_FAILED;
	query->error.kind = kind;
	(void)error_set(&query->error.error, "%s", why);
	list_push(&query->pool->failed, query);
	event_active(query->pool->turn, EV_TIMEOUT, 0);
}

/* the connection of a running query is gone */
static void query_end(struct pg_query *query, enum pg_error_kind kind, const char *why)
{
	if (query->answered)
		query_free(query);
	else
		query_fail_later(query, kind, why);
}

static void slot_release(struct slot *slot)
{
	evtimer_del(slot->deadline);
	slot->running = NULL;
}

/* a connection whose query is not wanted any more is closed: a cancel that came late
 * could hit the next query on it */
static void slot_give_up(struct slot *slot)
{
	pg_conn_cancel(slot->conn);
	pg_conn_free(&slot->conn);
	slot_release(slot);
	event_active(slot->pool->turn, EV_TIMEOUT, 0);
}

/* what stands before a sync is one transaction */
static bool send_all(struct slot *slot, const struct pg_query *query, unsigned *sent)
{
	PGconn *pq = pg_conn_pq(slot->conn);

	return (query->before.sql == NULL ||
		pg_prepared_send(slot->prepared, pq, &query->before, sent)) &&
	       pg_prepared_send(slot->prepared, pq, &query->statement, sent) &&
	       PQpipelineSync(pq) == 1;
}

static void query_run(struct slot *slot, struct pg_query *query)
{
	unsigned ms = slot->pool->query_ms_max + CLIENT_GRACE_MS;
	struct timeval deadline = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L };
	unsigned sent = 0;

	if (!send_all(slot, query, &sent)) {
		query_fail_later(query, PG_ERROR_AWAY,
				 PQerrorMessage(pg_conn_pq(slot->conn)));
		/* part of it may have been taken */
		pg_conn_free(&slot->conn);
		return;
	}
	query->unwanted = sent - 1;
	pg_conn_sent(slot->conn, sent, 1);
	query->state = QUERY_RUNNING;
	query->slot = slot;
	slot->running = query;
	if (slot->pool->query_ms_max > 0)
		evtimer_add(slot->deadline, &deadline);
}

static void conn_ready(void *context)
{
	struct slot *slot = context;

	slot->pool->last_ready_us = clock_monotonic_us();
	pg_prepared_forget(slot->prepared);
	event_active(slot->pool->turn, EV_TIMEOUT, 0);
}

static enum pg_error_kind kind_of(const char *sqlstate)
{
	if (strcmp(sqlstate, "57014") == 0)
		return PG_ERROR_TIMEOUT;
	/* libpq's own errors have none; 08 and 57P: connections, shutting down */
	if (sqlstate[0] == '\0' || strncmp(sqlstate, "08", 2) == 0 ||
	    strncmp(sqlstate, "57P", 3) == 0)
		return PG_ERROR_AWAY;
	return PG_ERROR_SQL;
}

static void fill_error(const PGresult *result, struct pg_error *out)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	(void)snprintf(out->sqlstate, sizeof(out->sqlstate), "%s",
		       sqlstate == NULL ? "" : sqlstate); /* five characters */
	out->kind = kind_of(out->sqlstate);
	(void)error_set(&out->error, "postgresql: %s",
			text != NULL ? text : PQresultErrorMessage(result));
}

/* the transaction has changed nothing, so it can be run again */
static bool is_stale(const char *sqlstate)
{
	return strcmp(sqlstate, FEATURE_NOT_SUPPORTED) == 0 ||
	       strcmp(sqlstate, INVALID_STATEMENT_NAME) == 0;
}

static void take_sync(struct slot *slot)
{
	struct pg_query *query = slot->running;

	slot_release(slot);
	event_active(slot->pool->turn, EV_TIMEOUT, 0);
	if (!query->stale) {
		query_free(query);
		return;
	}
	pg_prepared_forget(slot->prepared);
	query->stale = false;
	query->again = true;
	query->state = QUERY_WAITING;
	query->slot = NULL;
	list_push_first(&slot->pool->waiting, query);
}

static void conn_result(void *context, const PGresult *result)
{
	struct slot *slot = context;
	struct pg_query *query = slot->running;
	struct pg_error error = { 0 };
	ExecStatusType status = PQresultStatus(result);
	bool ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;

	if (status == PGRES_PIPELINE_SYNC) {
		take_sync(slot);
		return;
	}
	if (result == NULL)
		return;
	pg_prepared_result(slot->prepared, ok);
	if (query->answered || query->stale)
		return;
	if (ok && query->unwanted > 0) {
		query->unwanted--;
		return;
	}
	if (ok) {
		query->answered = true;
		query->done(query->context, (const struct pg_rows *)result, NULL);
		return;
	}
	fill_error(result, &error);
	query->stale = !query->again && is_stale(error.sqlstate);
	if (query->stale)
		return;
	query->answered = true;
	query->done(query->context, NULL, &error);
}

static bool any_ready(const struct pg_pool *pool)
{
	for (unsigned i = 0; i < pool->slots_count; i++)
		if (pool->slots[i].conn != NULL && pg_conn_ready(pool->slots[i].conn))
			return true;
	return false;
}

static void conn_lost(void *context, const struct error *error)
{
	struct slot *slot = context;
	struct pg_pool *pool = slot->pool;
	struct pg_query *query = slot->running;

	if (query != NULL) {
		slot_release(slot);
		query_end(query, PG_ERROR_AWAY, error->text);
	}
	if (any_ready(pool))
		return;
	while ((query = list_pop(&pool->waiting)) != NULL)
		query_fail_later(query, PG_ERROR_AWAY, error->text);
}

static const struct pg_conn_ops conn_ops = { .ready = conn_ready,
					     .result = conn_result,
					     .lost = conn_lost };

static void slot_open(struct slot *slot)
{
	struct pg_conn_config config = { .conninfo = slot->pool->conninfo,
					 .setup = slot->pool->setup,
					 .pipeline = true,
					 .ops = &conn_ops,
					 .context = slot };

	slot->conn = pg_conn_new(slot->pool->base, &config);
}

static void answer_failed(struct pg_pool *pool)
{
	/* those that fail from inside a callback are told in the next turn */
	unsigned count = pool->failed.count;

	while (count-- > 0) {
		struct pg_query *query = list_pop(&pool->failed);

		if (query == NULL)
			return;
		query->done(query->context, NULL, &query->error);
		query_free(query);
	}
}

/* gives waiting queries to idle connections, and opens one more if some still wait */
static void run_waiting(struct pg_pool *pool)
{
	struct slot *closed = NULL;

	for (unsigned i = 0; i < pool->slots_count; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->conn == NULL)
			closed = slot;
		else if (slot->running == NULL && pg_conn_ready(slot->conn) &&
			 pool->waiting.first != NULL)
			query_run(slot, list_pop(&pool->waiting));
	}
	if (closed != NULL && (pool->waiting.first != NULL || !any_ready(pool)))
		slot_open(closed);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct pg_pool *pool = arg;

	(void)fd;
	(void)what;
	answer_failed(pool);
	run_waiting(pool);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct slot *slot = arg;
	struct pg_query *query = slot->running;

	(void)fd;
	(void)what;
	slot_give_up(slot);
	query_end(query, PG_ERROR_TIMEOUT,
		  "postgresql: no answer within the time allowed");
}

struct pg_pool *pg_pool_new(struct event_base *base, const struct pg_config *config)
{
	struct pg_pool *pool = mem_calloc(1, sizeof(*pool));
	char setup[160];

	(void)snprintf(setup, sizeof(setup),
		       "SET statement_timeout = %u; SET search_path = siftd, pg_temp;"
		       " SET jit = off; SET client_min_messages = warning",
		       config->query_ms_max); /* fits */
	pool->base = base;
	pool->conninfo = mem_strdup(config->conninfo);
	pool->setup = mem_strdup(setup);
	pool->pending_max = config->pending_max;
	pool->query_ms_max = config->query_ms_max;
	pool->slots_count = config->connections_max == 0 ? 1 : config->connections_max;
	pool->slots = mem_calloc(pool->slots_count, sizeof(*pool->slots));
	pool->turn = evtimer_new(base, on_turn, pool);
	pool->last_ready_us = INT64_MIN / 2;
	list_init(&pool->waiting);
	list_init(&pool->failed);
	for (unsigned i = 0; i < pool->slots_count; i++) {
		pool->slots[i].pool = pool;
		pool->slots[i].prepared = pg_prepared_new();
		pool->slots[i].deadline =
			evtimer_new(base, on_deadline, &pool->slots[i]);
	}
	slot_open(&pool->slots[0]);
	return pool;
}

void pg_pool_free(struct pg_pool **pool_ptr)
{
	struct pg_pool *pool = *pool_ptr;
	struct pg_query *query = NULL;

	if (pool == NULL)
		return;
	pool->freeing = true;
	for (unsigned i = 0; i < pool->slots_count; i++) {
		struct slot *slot = &pool->slots[i];

		query = slot->running;
		if (query != NULL) {
			slot_give_up(slot);
			query_end(query, PG_ERROR_AWAY, "siftd is stopping");
		}
		pg_conn_free(&slot->conn);
		pg_prepared_free(&slot->prepared);
		event_free(slot->deadline);
	}
	while ((query = list_pop(&pool->waiting)) != NULL)
		query_fail_later(query, PG_ERROR_AWAY, "siftd is stopping");
	while (pool->failed.count > 0)
		answer_failed(pool);
	event_free(pool->turn);
	mem_free(pool->slots);
	mem_free(pool->conninfo);
	mem_free(pool->setup);
	mem_free(pool);
	*pool_ptr = NULL;
}

struct pg_query *pg_query_run(struct pg_pool *pool,
			      const struct pg_statement *statement, pg_query_fn *done,
			      void *context)
{
	struct pg_query *query = mem_calloc(1, sizeof(*query));

	query->pool = pool;
	query->done = done;
	query->context = context;
	if (statement->before != NULL)
		pg_sending_init(&query->before, statement->before);
	pg_sending_init(&query->statement, statement);
	if (pool->freeing)
		query_fail_later(query, PG_ERROR_AWAY, "siftd is stopping");
	else if (pool->waiting.count >= pool->pending_max)
		query_fail_later(query, PG_ERROR_BUSY,
				 "too many queries are waiting for the database");
	else
		list_push(&pool->waiting, query);
	event_active(pool->turn, EV_TIMEOUT, 0);
	return query;
}

/* NOLINTNEXTLINE(readability-function-size): callers read better without a struct */
struct pg_query *pg_query(struct pg_pool *pool, const char *sql,
			  const struct pg_param *params, size_t params_count,
			  bool binary, pg_query_fn *done, void *context)
{
	const struct pg_statement statement = { .sql = sql,
						.params = params,
						.params_count = params_count,
						.binary = binary };

	return pg_query_run(pool, &statement, done, context);
}

void pg_query_cancel(struct pg_query *query)
{
	if (query->state == QUERY_RUNNING)
		slot_give_up(query->slot);
	else if (query->state == QUERY_WAITING)
		list_remove(&query->pool->waiting, query);
	else
		list_remove(&query->pool->failed, query);
	query_free(query);
}

bool pg_pool_ready(const struct pg_pool *pool)
{
	return any_ready(pool) ||
	       clock_monotonic_us() - pool->last_ready_us < READY_GRACE_US;
}
