/* flows.h - the loop's side of the way of a line: batches to the store, commits to the
 * sources
 *
 * Threads: the loop thread only.
 * Owner: flows_free frees its flushes; lanes, pool and sources belong to the caller.
 * Limits: FLOW_PENDING batches of a lane at the store; further ones wait in the lane's
 *         queue, which stops the lane.
 *
 * When the guard of a flush fails, somebody else moved our positions (a second daemon
 * on the same state, or a restored database). Then nothing more is submitted, all lanes
 * begin a new epoch, and when every flush has come to rest the positions are read again
 * and all sources start from them.
 */
#ifndef SIFTD_DAEMON_FLOWS_H
#define SIFTD_DAEMON_FLOWS_H

#include <event2/event.h>
#include <stdbool.h>

#include "daemon/lanes.h"
#include "daemon/learners.h"
#include "sinks/pg_flush.h"
#include "sinks/pg_pool.h"
#include "sources/http_tally.h"
#include "sources/port.h"

#define FLOW_PENDING 2

struct flows;

struct flows_deps {
	struct event_base *base;
	struct lanes *lanes;
	struct learners *learners;
	struct pg_pool *pool;
	const char *conninfo;
	struct flush_limits limits;
	struct source **sources;
	size_t sources_count;     /* of those with positions, which come first */
	size_t counted_count;     /* of all whose ledger is counted */
	struct http_tally *tally; /* the ledger of what came by HTTP */
};

struct flows *flows_new(const struct flows_deps *deps);
void flows_free(struct flows **flows);
/* every lane ended, and nothing is queued or submitted */
bool flows_idle(const struct flows *flows);
/* nothing is queued, judged or submitted: what was taken from sources is stored, but
 * for batches that are being filled */
bool flows_resting(const struct flows *flows);
size_t flows_count(const struct flows *flows);
const struct flush_stats *flows_stats(const struct flows *flows, size_t lane);

#endif
