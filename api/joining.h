/* joining.h - what an invitation's link leads to: a look at it, and its acceptance
 *
 * Threads: the loop thread only.
 *
 * Both are public: the token in the path is the credential. To accept, the password of
 * the invited address is needed as well, or a new one when it has no account.
 */
#ifndef SIFTD_API_JOINING_H
#define SIFTD_API_JOINING_H

#include "api/route.h"

route_handler_fn joining_look;
route_handler_fn joining_accept;

#endif
