/* gate.h - what stands before every handler: rate limits, then who may call
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_GATE_H
#define SIFTD_API_GATE_H

#include <stdbool.h>

#include "api/request.h"

/* answers the request, or fills request->caller and calls the route's handler */
void gate_admit(struct request *request);
/* takes one request of `who` from a bucket; false: it was answered 429 */
MUST_CHECK bool gate_allow(struct request *request, enum route_limit limit,
			   struct slice who);

/* whether an account is tried more often than its owner could: counts this attempt */
MUST_CHECK bool gate_is_crowded(struct request *request, struct slice account);

#endif
