/* status.h - what operators and probes ask: alive, ready, which version, how much
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_STATUS_H
#define SIFTD_API_STATUS_H

#include "api/route.h"

route_handler_fn status_health;
route_handler_fn status_ready;
route_handler_fn status_version;
route_handler_fn status_metrics;
route_handler_fn status_openapi;

#endif
