/* events.h - asynchronous queries for stored events, answered as JSON
 *
 * Threads: the loop thread only; blocks are decoded by the query workers.
 * Owner: a query frees itself after its callback, or after events_query_cancel. Scope
 *        and filter are copied. Answers are valid during the callback only. The pool
 *and the workers must outlive the query: cancel all before the workers are freed.
 * Limits: events_limits. A search for a page that takes longer answers with what it
 *         found, has_more and a cursor to go on from (so a page may hold fewer items
 *         than the limit, even none); a page of too many raw bytes does the same. A
 *         count that takes longer ends with EVENTS_TIMEOUT.
 *
 *	query = events_query_start(&deps, &scope, &filter, done, context);
 *	request_on_cancel(request, ...events_query_cancel...);
 *
 * The callback is never called from inside a start function.
 */
#ifndef SIFTD_API_EVENTS_H
#define SIFTD_API_EVENTS_H

#include <stdint.h>

#include "api/block_cache.h"
#include "api/event_filter.h"
#include "api/event_tally.h"
#include "api/query_workers.h"
#include "api/words_cache.h"
#include "base/error.h"
#include "base/slice.h"
#include "sinks/pg_pool.h"

#define EVENTS_AROUND_MAX 200

/* of one query */
struct events_limits {
	int64_t time_us;
	size_t memory_bytes;
};

struct events_deps {
	struct pg_pool *pool;
	struct query_workers *workers;
	struct words_cache *words;
	struct block_cache *blocks;
	struct events_limits limits;
	struct events_stats *stats;
};

struct events_scope {
	int64_t project_id;
	int64_t ingestion_id; /* 0: the whole project */
};

enum events_status {
	EVENTS_OK,
	EVENTS_NOT_FOUND,  /* 404: no such seq in the scope */
	EVENTS_BUSY,       /* 503: database or workers have too much to do */
	EVENTS_AWAY,       /* 503: no database */
	EVENTS_TIMEOUT,    /* 503: it took too long */
	EVENTS_TOO_COSTLY, /* 422: the pattern takes too many steps */
	EVENTS_TOO_LARGE,  /* 422: a block does not fit into a query's memory */
	EVENTS_FAILED,     /* 500: the error is for the log */
	EVENTS_STATUSES
};

struct events_stats {
	uint64_t ended[EVENTS_STATUSES];
	uint64_t cut; /* pages that ended early because their time was up */
	uint64_t cancelled;
	uint64_t damaged; /* blocks that could not be read, each time one was asked for
			   */
	uint64_t running;
};

struct events_answer {
	enum events_status status;
	struct slice json; /* of EVENTS_OK: JSON, or lines */
	/* says all that there is to be said: neither did its time end before its page
	 * was full, nor was there a block that could not be read */
	bool whole;
	/* of a page of lines: whether there is more, and behind which seq */
	bool has_more;
	int64_t behind;
	int64_t count;                   /* of its items */
	const struct event_tally *tally; /* of a count */
	struct error error;              /* of all other states */
};

/* is called once, unless the query was cancelled */
typedef void events_done_fn(void *context, const struct events_answer *answer);

struct events_query;

/* as the filter says: lines (one item a line, or CSV without its header), or a page:
 * {"items": [item...], "next_cursor": text or null, "has_more": flag}; an item is {id,
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

/* counts all that the filter finds, in buckets of that width; 0: by service, host and
 * template. answer->tally has it. */
struct events_query *events_tally_start(const struct events_deps *deps,
					const struct events_scope *scope,
					const struct event_filter *filter,
					int64_t width_us, events_done_fn *done,
					void *context);

/* no callback; sets *query to NULL, which it may be already. Call it at most until the
 * callback. */
void events_query_cancel(struct events_query **query);

#endif
