/* event_session.h - what a command needs to ask for stored events: loop, pool, worker
 *
 * Threads: the caller's, whose loop it is, and one worker.
 * Owner: event_session_close, when no query runs; config and store must outlive it.
 */
#ifndef SIFTD_DAEMON_EVENT_SESSION_H
#define SIFTD_DAEMON_EVENT_SESSION_H

#include "api/events.h"

struct config;
struct event_base;
struct store;

struct event_session {
	struct event_base *base;
	struct events_deps deps;
	struct events_stats stats;
};

void event_session_open(struct event_session *session, const struct config *config,
			const struct store *store);
void event_session_close(struct event_session *session);

#endif
