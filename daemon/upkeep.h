/* upkeep.h - what the store needs while it runs: deleting, forgetting, rolling up and
 * merging
 *
 * Threads: the loop thread. Owner: upkeep_free, once the query workers have ended.
 * Limits: one step at a time on a connection of its own; each step is bounded, and so
 *         are the steps of a task in a turn.
 *
 * One daemon of those on a database keeps the store: whoever holds the advisory lock.
 * It ends with its connection, so another takes over. Every step is safe beside another
 * keeper; the lock only saves doing things twice.
 */
#ifndef SIFTD_DAEMON_UPKEEP_H
#define SIFTD_DAEMON_UPKEEP_H

#include "base/buf.h"
#include "base/compiler.h"

struct config;
struct event_base;
struct query_workers;
struct upkeep;

struct upkeep_deps {
	struct event_base *base;
	struct query_workers *workers;
	const char *conninfo;
	const struct config *config;
};

struct upkeep *upkeep_new(const struct upkeep_deps *deps);
void upkeep_free(struct upkeep **upkeep);
/* counters, as metrics.h */
void upkeep_write_metrics(const struct upkeep *upkeep, struct buf *out);

#endif
