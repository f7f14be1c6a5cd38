/* events.h - asynchronous queries for stored events, answered as JSON
 *
 * Threads: the loop thread only; blocks are decoded by the query workers.
 * Owner: a query frees itself after its callback, or after events_query_cancel. Scope
 *        and filter are copied. Answers are valid during the callback only. The pool
 *and the workers must outlive the query: cancel all before the workers are freed.
 * Limits: EVENTS_QUERY_MS_MAX per query: a search that takes longer answers with what
 *         it found, has_more and a cursor to go on from (so a page may hold fewer items
 *         than the limit, even none). EVENTS_PAGE_BYTES_MAX of raw bytes a page, with
 *         the same effect.
 *
 *	query = events_query_start(&deps, &scope, &filter, done, context);
 *	request_on_cancel(request, ...events_query_cancel...);
 *
 * The callback is never called from inside a start function.
 */
#ifndef SIFTD_API_EVENTS_H
#define SIFTD_API_EVENTS_H

#include <stdint.h>

#include "api/event_filter.h"
#include "api/query_workers.h"
#include "base/error.h"
#include "base/slice.h"
#include "sinks/pg_pool.h"

#define EVENTS_QUERY_MS_MAX 10000
#define EVENTS_PAGE_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define EVENTS_AROUND_MAX 200

struct events_deps {
	struct pg_pool *pool;
	struct query_workers *workers;
};

struct events_scope {
	int64_t project_id;
	int64_t ingestion_id; /* 0: the whole project */
};

enum events_status {
	EVENTS_OK,
	EVENTS_NOT_FOUND, /* 404: no such seq in the scope */
	EVENTS_BUSY,      /* 503: database or workers have too much to do */
	EVENTS_AWAY,      /* 503: no database */
	EVENTS_TIMEOUT,   /* 504: one statement took too long */
	EVENTS_FAILED     /* 500: the error is for the log */
};

struct events_answer {
	enum events_status status;
	struct slice json;  /* of EVENTS_OK */
	struct error error; /* of all others */
};

/* is called once, unless the query was cancelled */
typedef void events_done_fn(void *context, const struct events_answer *answer);

struct events_query;

/* {"items": [item...], "next_cursor": text or null, "has_more": flag}; an item is {id,
 * seq, ts, service, host, level, message, fingerprint, group, ingestion_id} and, when
 * the filter asks for it, raw. fingerprint is the template key, group its group's id
 * (null while unknown). Newest first by seq, or oldest first. */
struct events_query *events_query_start(const struct events_deps *deps,
					const struct events_scope *scope,
					const struct event_filter *filter,
					events_done_fn *done, void *context);

/* {item's fields, raw, observed_ts, leaf_fingerprint, attributes: {...}, parse:
 * {format, confidence, severity_text}} of the event of that seq */
struct events_query *events_one_start(const struct events_deps *deps,
				      const struct events_scope *scope, int64_t seq,
				      events_done_fn *done, void *context);

/* how many neighbours in the scope, at most EVENTS_AROUND_MAX each */
struct events_around {
	int64_t seq;
	unsigned before;
	unsigned after;
};

/* {"items": [item...]}, oldest first, the event itself among them */
struct events_query *events_around_start(const struct events_deps *deps,
					 const struct events_scope *scope,
					 const struct events_around *around,
					 events_done_fn *done, void *context);

/* no callback; sets *query to NULL, which it may be already. Call it at most until the
 * callback. */
void events_query_cancel(struct events_query **query);

#endif
