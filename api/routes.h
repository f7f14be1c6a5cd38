/* routes.h - the one table of what the HTTP interface serves
 *
 * Threads: any; constant.
 *
 * Who may call a route stands here and nowhere else: its handler is called by the gate
 * only, after the gate has asked for what the entry says. `siftd routes` prints the
 * table, and a test walks it with every role.
 */
#ifndef SIFTD_API_ROUTES_H
#define SIFTD_API_ROUTES_H

#include "api/route.h"

extern const struct route_table api_routes;

#endif
