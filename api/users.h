/* users.h - who belongs to an organisation, and as what
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_USERS_H
#define SIFTD_API_USERS_H

#include "api/route.h"

route_handler_fn users_list;
/* somebody who has an account */
route_handler_fn users_get;
route_handler_fn users_patch;
route_handler_fn users_delete;

#endif
