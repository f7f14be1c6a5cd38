/* keys.h - the API keys of a project: make one, see them, revoke one
 *
 * Threads: the loop thread only.
 * Limits: KEYS_MAX keys of a project that are neither revoked nor expired.
 */
#ifndef SIFTD_API_KEYS_H
#define SIFTD_API_KEYS_H

#include "api/route.h"

#define KEYS_MAX 1000

/* of the one that asks: which project it is for */
route_handler_fn keys_own;
route_handler_fn keys_list;
route_handler_fn keys_create;
route_handler_fn keys_get;
/* revokes: the row stays, so that one can see later what the key was and when it was
 * used last */
route_handler_fn keys_delete;

#endif
