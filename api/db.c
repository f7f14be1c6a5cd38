/* db.c - running a request's SQL */
#include "api/db.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/context.h"
#include "api/tenant.h"
#include "base/log.h"

#define UNIQUE_VIOLATION "23505"
/* a value that PostgreSQL cannot take, such as a number out of range */
#define DATA_EXCEPTION_CLASS "22"

struct running {
	struct request *request;
	struct pg_query *query;
	db_rows_fn *done;
	const char *conflict;
	bool (*away)(struct request *request);
};

static void add(struct db_call *call, struct pg_param param)
{
	assert(call->params_count < DB_PARAMS_MAX);
	call->params[call->params_count++] = param;
}

void db_add_int(struct request *request, struct db_call *call, int64_t value)
{
	char text[24];
	/* 24 bytes hold any int64 */
	int len = snprintf(text, sizeof(text), "%" PRId64, value);

	add(call,
	    (struct pg_param){
		    .value = arena_dup(&request->arena, slice_of(text, (size_t)len)),
	    });
}

void db_add_text(struct db_call *call, struct slice value)
{
	add(call, (struct pg_param){ .value = value });
}

void db_add_bytes(struct db_call *call, struct slice value)
{
	add(call, (struct pg_param){ .value = value, .binary = true });
}

static void answer_sql_error(struct running *running, const struct pg_error *error)
{
	struct request *request = running->request;

	if (running->conflict != NULL &&
	    strcmp(error->sqlstate, UNIQUE_VIOLATION) == 0) {
		request_problem(request, 409, "%s", running->conflict);
		return;
	}
	log_error("api", "query failed sqlstate=%s id=%s error=%s", error->sqlstate,
		  request->id, error->error.text);
	if (strncmp(error->sqlstate, DATA_EXCEPTION_CLASS, 2) == 0)
		request_problem(request, 422,
				"A value is not one that the database can hold.");
	else
		request_problem(request, 500,
				"The query failed; siftd's log has the reason under "
				"this request_id.");
}

static void answer_error(struct running *running, const struct pg_error *error)
{
	if ((error->kind == PG_ERROR_AWAY || error->kind == PG_ERROR_BUSY) &&
	    running->away != NULL && running->away(running->request))
		return;
	switch (error->kind) {
	case PG_ERROR_AWAY:
		request_unavailable(running->request, "The database is away.");
		break;
	case PG_ERROR_BUSY:
		request_unavailable(running->request,
				    "Too many queries are waiting for the database.");
		break;
	case PG_ERROR_TIMEOUT:
		request_problem(running->request, 504,
				"The query took too long; ask for less, such as a "
				"shorter time range.");
		break;
	case PG_ERROR_SQL:
		answer_sql_error(running, error);
		break;
	}
}

static void on_rows(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct running *running = context;

	request_on_cancel(running->request, NULL, NULL);
	if (rows == NULL)
		answer_error(running, error);
	else
		running->done(running->request, rows);
}

static void cancel(void *context)
{
	struct running *running = context;

	pg_query_cancel(running->query);
}

void db_run(struct request *request, const struct db_call *call)
{
	struct running *running = request_alloc(request, sizeof(*running));
	const struct pg_statement statement = {
		.sql = call->sql,
		.params = call->params,
		.params_count = call->params_count,
		.before = call->is_nobodys ? NULL : tenant_statement(request)
	};

	assert(request->cancel == NULL);
	*running = (struct running){
		.request = request,
		.done = call->done,
		.conflict = call->conflict,
		.away = call->away,
	};
	running->query =
		pg_query_run(request->api->deps.pool, &statement, on_rows, running);
	request_on_cancel(request, cancel, running);
}
