/* sift_time.h - the moments that --since and --until name
 *
 * Threads: any; pure, so the time now is passed in.
 */
#ifndef SIFTD_DAEMON_SIFT_TIME_H
#define SIFTD_DAEMON_SIFT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* RFC 3339; `2026-03-01`, `2026-03-01 10:00`, `2026-03-01 10:00:30` (UTC, as stamps
 * without a zone are read); `10:30`, `10:30:15` of today (UTC); `now`; `-90s`, `-15m`,
 * `-2h`, `-1h30m`, `-3d`, `-1w` before now. false: it is none of these */
bool sift_time_parse(struct slice text, int64_t now_us, int64_t *time_us);

#endif
