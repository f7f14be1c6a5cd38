/* projects.h - the projects of an organisation
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_PROJECTS_H
#define SIFTD_API_PROJECTS_H

#include "api/route.h"

route_handler_fn projects_list;
route_handler_fn projects_create;
route_handler_fn projects_get;
route_handler_fn projects_patch;
route_handler_fn projects_delete;

#endif
