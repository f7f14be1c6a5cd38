/* event_routes.h - the routes of stored events: from a request to a query and back
 *
 * Threads: the loop thread only. A scope is a project, or one ingestion of it.
 */
#ifndef SIFTD_API_EVENT_ROUTES_H
#define SIFTD_API_EVENT_ROUTES_H

#include "api/events.h"
#include "api/route.h"

/* of the request's api and path */
struct events_deps event_routes_deps(const struct request *request);
struct events_scope event_routes_scope(const struct request *request);
/* answers with what went wrong: answer->status is not EVENTS_OK */
void event_routes_refuse(struct request *request, const struct events_answer *answer);
/* false: answered with 422; else the caller deinits the filter */
MUST_CHECK bool event_routes_filter(struct request *request, struct event_filter *out);

route_handler_fn event_routes_list;
route_handler_fn event_routes_get;
route_handler_fn event_routes_context;

#endif
