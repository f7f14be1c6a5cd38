/* decisions.h - people merge and part groups, and take it back
 *
 * Threads: the loop thread only.
 * Owner: nothing of its own.
 * Limits: DECISION_FINGERPRINTS_MAX fingerprints in one request.
 */
#ifndef SIFTD_API_DECISIONS_H
#define SIFTD_API_DECISIONS_H

#include "api/route.h"

#define DECISION_FINGERPRINTS_MAX 1000

route_handler_fn decisions_merge;
route_handler_fn decisions_split;
route_handler_fn decisions_undo;

#endif
