/* pg_flush.h - stores batches, each in one transaction with the positions of its
 * sources
 *
 * Threads: the loop thread only.
 * Owner: a submitted batch belongs to the flush until its `done` callback has returned;
 * then it frees it. Limits: one connection; batches commit first in, first out; at most
 * one is in flight. While the database is away batches wait (the lane stops when its
 * queue is full).
 *
 * The transaction is described in docs/flush.md.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_H
#define SIFTD_SINKS_PG_FLUSH_H

#include <event2/event.h>
#include <stdbool.h>

#include "pipeline/batch.h"
#include "sinks/pg_flush_sender.h"

struct pg_flush;

enum flush_result {
	FLUSH_COMMITTED,
	/* the positions in PostgreSQL are not where the batch began: nothing was
	 * stored. All later batches of this flush come back as FLUSH_DISCARDED until
	 * pg_flush_resume; the daemon rewinds the sources */
	FLUSH_GUARD_FAILED,
	FLUSH_DISCARDED
};

struct flush_stats {
	uint64_t committed_batches;
	uint64_t committed_events;
	uint64_t committed_bytes;
	uint64_t retries;
	uint64_t guard_failures;
	uint64_t quarantined_events;
	uint64_t commit_us_last;
	bool connected;
};

/* is called once for each batch, in order of submission */
typedef void flush_done_fn(void *context, const struct batch *batch,
			   enum flush_result result);

struct pg_flush *pg_flush_new(struct event_base *base, const char *conninfo,
			      flush_done_fn *done, void *context);
/* before anything is submitted */
void pg_flush_set_limits(struct pg_flush *flush, const struct flush_limits *limits);
/* what was not committed is given to done as FLUSH_DISCARDED */
void pg_flush_free(struct pg_flush **flush);
void pg_flush_submit(struct pg_flush *flush, struct batch *batch);
/* batches submitted and not done */
size_t pg_flush_pending(const struct pg_flush *flush);
void pg_flush_resume(struct pg_flush *flush);
const struct flush_stats *pg_flush_stats(const struct pg_flush *flush);

#endif
