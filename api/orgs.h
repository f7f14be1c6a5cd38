/* orgs.h - organisations
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_ORGS_H
#define SIFTD_API_ORGS_H

#include "api/route.h"

route_handler_fn orgs_list;
route_handler_fn orgs_create;
route_handler_fn orgs_get;
route_handler_fn orgs_patch;
route_handler_fn orgs_delete;

#endif
