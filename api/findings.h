/* findings.h - what the rules found, with its evidence
 *
 * Threads: the loop thread only. A scope is a project, or one ingestion of it.
 */
#ifndef SIFTD_API_FINDINGS_H
#define SIFTD_API_FINDINGS_H

#include "api/route.h"
#include "base/json_out.h"

struct rules;

/* {"description", "first_checks", "references"}; null when there is no such shipped
 * rule (any more) */
void findings_write_rule(struct json_out *out, const struct rules *rules,
			 struct slice id);

route_handler_fn findings_list;
route_handler_fn findings_get;
route_handler_fn findings_patch;

#endif
