/* pg_sync.c - libpq's blocking calls */
#include "sinks/pg_sync.h"

#include <libpq-fe.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_conninfo.h"

struct pg_sync {
	PGconn *pq;
	PGresult *result;
};

static int set_pq_error(struct error *error, const char *what, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	return error_set(error, "%s: %.*s", what, (int)len, text);
}

static void notice(void *context, const char *text)
{
	(void)context;
	log_debug("postgresql", "%s", text);
}

int pg_sync_open(const char *conninfo, struct pg_sync **out, struct error *error)
{
	const char *keys[] = { "connect_timeout", "fallback_application_name", "dbname",
			       NULL };
	const char *values[] = { "10", "siftd", conninfo, NULL };
	struct pg_sync *sync = NULL;

	*out = NULL;
	if (pg_conninfo_check(conninfo, error) < 0)
		return -1;
	sync = mem_calloc(1, sizeof(*sync));
	sync->pq = PQconnectdbParams(keys, values, 1);
	if (PQstatus(sync->pq) != CONNECTION_OK) {
		(void)set_pq_error(error, "postgresql", PQerrorMessage(sync->pq));
		pg_sync_close(&sync);
		return -1;
	}
	(void)PQsetNoticeProcessor(sync->pq, notice, NULL); /* gives the old one */
	*out = sync;
	return 0;
}

void pg_sync_close(struct pg_sync **sync)
{
	if (*sync == NULL)
		return;
	PQclear((*sync)->result);
	PQfinish((*sync)->pq);
	mem_free(*sync);
	*sync = NULL;
}

static int take_result(struct pg_sync *sync, PGresult *result,
		       const struct pg_rows **rows, struct error *error)
{
	ExecStatusType status = PQresultStatus(result);

	PQclear(sync->result);
	sync->result = result;
	if (rows != NULL)
		*rows = (const struct pg_rows *)result;
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
	    status == PGRES_EMPTY_QUERY)
		return 0;
	return set_pq_error(error, "postgresql", PQerrorMessage(sync->pq));
}

int pg_sync_exec(struct pg_sync *sync, const char *sql, const struct pg_rows **rows,
		 struct error *error)
{
	return take_result(sync, PQexec(sync->pq, sql), rows, error);
}

int pg_sync_query(struct pg_sync *sync, const char *sql, const char *const *params,
		  const struct pg_rows **rows, struct error *error)
{
	int count = 0;

	/* the highest $n that the text names is the number of parameters */
	for (const char *at = strchr(sql, '$'); at != NULL; at = strchr(at + 1, '$')) {
		int number = at[1] >= '1' && at[1] <= '9' ? at[1] - '0' : 0;

		if (number > 0 && at[2] >= '0' && at[2] <= '9')
			number = number * 10 + at[2] - '0';
		if (number > count)
			count = number;
	}
	return take_result(
		sync, PQexecParams(sync->pq, sql, count, NULL, params, NULL, NULL, 0),
		rows, error);
}
