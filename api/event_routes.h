/* event_routes.h - the routes of stored events: from a request to a query and back
 *
 * Threads: the loop thread only. A scope is a project, or one ingestion of it.
 */
#ifndef SIFTD_API_EVENT_ROUTES_H
#define SIFTD_API_EVENT_ROUTES_H

#include "api/route.h"

route_handler_fn event_routes_list;
route_handler_fn event_routes_get;
route_handler_fn event_routes_context;

#endif
