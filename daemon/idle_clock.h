/* idle_clock.h - says until when all that the sources held is stored
 *
 * Threads: the loop thread. Owner: idle_clock_free; what deps name outlives it.
 * Limits: one statement at a time.
 *
 * Silences of a project are told by its newest event; where no event comes at all, by
 * this clock (siftd.tick, 0041_idle_clock.sql): wall time, as long as nothing is read,
 * judged or on its way to the store, less `windows.lateness`. It stands still
 * while there is something to catch up with, and after the start until sources have had
 * that time to look at what is there.
 */
#ifndef SIFTD_DAEMON_IDLE_CLOCK_H
#define SIFTD_DAEMON_IDLE_CLOCK_H

#include <event2/event.h>

#include "base/buf.h"
#include "sinks/pg_flush_sender.h"
#include "sinks/pg_pool.h"
#include "sources/port.h"

struct flows;
struct idle_clock;

struct idle_clock_deps {
	struct event_base *base;
	struct pg_pool *pool;
	const struct flows *flows;
	struct source *const *sources;
	size_t sources_count; /* of those with positions */
	const char *host_id;
	int64_t lateness_us;
	struct flush_limits limits;
};

struct idle_clock *idle_clock_new(const struct idle_clock_deps *deps);
void idle_clock_free(struct idle_clock **clock);
/* as metrics.h */
void idle_clock_write_metrics(const struct idle_clock *clock, struct buf *out);

#endif
