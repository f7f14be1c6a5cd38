/* ingestions.h - the ingestions of a project, and how far each has come
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_INGESTIONS_H
#define SIFTD_API_INGESTIONS_H

#include "api/route.h"

/* The status that clients see, of a row of siftd.ingestions. Whoever accepts logs adds
 * to bytes and lines, the flush adds to what is stored; it follows from both. Bytes are
 * counted without line ends on either side, but the line breaks inside a stored record
 * of several lines do count there: so "all stored" may seem true a moment early, which
 * the half second covers. Quarantined or dropped records never get stored: ten quiet
 * seconds end the waiting. */
/* clang-format off */
#define INGESTION_STATUS_SQL \
	"CASE WHEN status = 'failed' THEN status" \
	" WHEN source IS NOT NULL THEN 'live'" \
	" WHEN lines = 0 AND stored_events = 0 THEN 'pending'" \
	" WHEN source_type NOT IN ('paste', 'upload') THEN 'live'" \
	" WHEN stored_events > 0 AND (updated_at < now() - interval '10 seconds'" \
	"  OR (stored_bytes >= bytes" \
	"   AND updated_at < now() - interval '0.5 seconds')) THEN 'done'" \
	" ELSE 'processing' END"
/* clang-format on */

route_handler_fn ingestions_list;
route_handler_fn ingestions_create;
route_handler_fn ingestions_get;
route_handler_fn ingestions_delete;

#endif
