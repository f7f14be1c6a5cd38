/* metrics.h - the daemon's counters in the Prometheus text format
 *
 * Threads: the loop thread. Owner: everything is borrowed.
 */
#ifndef SIFTD_DAEMON_METRICS_H
#define SIFTD_DAEMON_METRICS_H

#include "base/buf.h"
#include "daemon/flows.h"
#include "daemon/follower.h"
#include "daemon/gone_files.h"
#include "daemon/lanes.h"
#include "daemon/learners.h"
#include "daemon/rule_shelf.h"
#include "daemon/upkeep.h"
#include "sinks/notify.h"
#include "sources/port.h"

struct idle_clock;

struct metrics_deps {
	struct lanes *lanes;
	struct flows *flows;
	struct learners *learners;
	const struct upkeep *upkeep;
	const struct follower *follower;
	const struct gone_files *gone_files;
	const struct notify *notify;
	const struct idle_clock *idle_clock;
	const struct rule_shelf *rule_shelf;
	struct source **sources;
	size_t sources_count;
};

/* an api_metrics_fn; context is a struct metrics_deps */
void metrics_write(void *context, struct buf *out);

#endif
