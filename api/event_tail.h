/* event_tail.h - GET .../events/tail: events as they are committed, as server-sent
 * events
 *
 * Threads: the loop thread only.
 * Limits: as tails.h; a stream ends after api_config.tail_us, so that its client shows
 * its credential again, and goes on with the id of the last event it got; and
 * when its credential or its membership ends (tail_guard.h).
 *
 * The id of a message is the event's seq. Without Last-Event-ID (or last_event_id in
 * the query, for clients that cannot set a header) the tail begins with what is
 * committed next.
 */
#ifndef SIFTD_API_EVENT_TAIL_H
#define SIFTD_API_EVENT_TAIL_H

#include "api/route.h"

route_handler_fn event_tail;

#endif
