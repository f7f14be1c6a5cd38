/* syslog_canary.h - sends a frame without a record through the spool now and then, so
 * that the way to the commit is measured while nothing comes
 *
 * It is a loss of nothing (spool_format.h): the lane counts when it arrived, and the
 * flush that moves the position behind it tells how long that took. No event, group or
 * finding ever knows of it.
 *
 * Threads: the loop thread. Owner: syslog_canary_free; spool and source outlive it.
 * Limits: one frame an interval; none while the spool has no room.
 */
#ifndef SIFTD_SOURCES_SYSLOG_CANARY_H
#define SIFTD_SOURCES_SYSLOG_CANARY_H

#include <event2/event.h>

#include "base/error.h"
#include "sources/syslog_intake.h"

struct syslog_canary;

/* interval_ms 0: none is made, and *out is NULL */
MUST_CHECK int syslog_canary_new(struct event_base *base,
				 const struct syslog_target *target,
				 unsigned interval_ms, struct syslog_canary **out,
				 struct error *error);
void syslog_canary_free(struct syslog_canary **canary);

#endif
