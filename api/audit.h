/* audit.h - who did what in an organisation; written by triggers (0019_audit.sql)
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_AUDIT_H
#define SIFTD_API_AUDIT_H

#include "api/route.h"

route_handler_fn audit_list;

#endif
