/* groups.h - groups of events: the list, one of them
 *
 * Threads: the loop thread only. A scope is a project, or one ingestion of it.
 */
#ifndef SIFTD_API_GROUPS_H
#define SIFTD_API_GROUPS_H

#include "api/route.h"

route_handler_fn groups_list;
route_handler_fn groups_get;
route_handler_fn groups_patch;

#endif
