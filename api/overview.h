/* overview.h - one page about a scope: totals, levels, services, groups, findings
 *
 * Threads: the loop thread only. A scope is a project, or one ingestion of it.
 */
#ifndef SIFTD_API_OVERVIEW_H
#define SIFTD_API_OVERVIEW_H

#include "api/route.h"

route_handler_fn overview_get;

#endif
