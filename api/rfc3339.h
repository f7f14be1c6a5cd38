/* rfc3339.h - a time such as 2026-11-22T21:00:00.5+01:00 (RFC 3339, section 5.6)
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_API_RFC3339_H
#define SIFTD_API_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* microseconds since the epoch; further digits are cut. A blank may stand for the T,
 * and for the + of the zone, as query strings have it; seconds may be missing. */
bool rfc3339_parse(struct slice text, int64_t *out_us);

#endif
