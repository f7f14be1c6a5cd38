/* event_export.h - all events that a filter finds, streamed
 *
 * Threads: the loop thread only.
 * Limits: one page of EXPORT_PAGE_EVENTS events is held, and the next one is not looked
 *         for until the client has taken it. query.time bounds each page, not the
 * whole.
 *
 * The export ends with what was stored when it began, so it ends also where rows arrive
 * faster than the client reads. If it cannot go on, the connection is closed within the
 * answer, which no client takes for its end.
 */
#ifndef SIFTD_API_EVENT_EXPORT_H
#define SIFTD_API_EVENT_EXPORT_H

#include "api/route.h"

#define EXPORT_PAGE_EVENTS 2000

route_handler_fn event_export;

#endif
