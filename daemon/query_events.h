/* query_events.h - the newest events of a project, then what comes after them
 *
 * Threads: the caller's; its loop runs inside.
 * Limits: QUERY_EVENTS_MAX events before following; they are held until printed.
 */
#ifndef SIFTD_DAEMON_QUERY_EVENTS_H
#define SIFTD_DAEMON_QUERY_EVENTS_H

#include "api/event_filter.h"
#include "api/events.h"
#include "daemon/query_print.h"

#define QUERY_EVENTS_MAX 100000

struct config;
struct store;

struct query_events {
	struct events_scope scope;
	struct event_filter filter; /* the caller's to deinit */
	struct slice text;          /* the filter as it was written */
	int64_t count;              /* of the newest */
	bool follow;                /* until SIGINT or SIGTERM */
	struct query_look look;
};

/* the exit status; says on standard error why */
int query_events_run(const struct query_events *wish, const struct config *config,
		     const struct store *store);

#endif
