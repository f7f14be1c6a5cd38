/* timestamp_resolve.h - the time that a read stamp means, for timestamp_scan.c only
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_PIPELINE_TIMESTAMP_RESOLVE_H
#define SIFTD_PIPELINE_TIMESTAMP_RESOLVE_H

#include "pipeline/timestamp_cursor.h"
#include "pipeline/timestamp_scan.h"

#define STAMP_YEAR_MIN 1970
#define STAMP_YEAR_MAX 2199

bool stamp_time_in_range(const struct stamp_cursor *s);
/* fills what the stamp leaves out; TIMESTAMP_NONE when it is absurd */
int64_t stamp_resolve(struct stamp_cursor *s, enum timestamp_shape shape,
		      const struct timestamp_context *context);

#endif
