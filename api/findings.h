/* findings.h - what the rules found, with its evidence
 *
 * Threads: the loop thread only. A scope is a project, or one ingestion of it.
 */
#ifndef SIFTD_API_FINDINGS_H
#define SIFTD_API_FINDINGS_H

#include "api/route.h"

route_handler_fn findings_list;
route_handler_fn findings_get;
route_handler_fn findings_patch;

#endif
