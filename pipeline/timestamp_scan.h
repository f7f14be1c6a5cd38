/* timestamp_scan.h - reads a timestamp of any usual shape at the start of a text
 *
 * Threads: any; pure.
 * Limits: years 1970 to 2199; a stamp-shaped text outside (0000-00-00, 9999-12-31) is
 *         consumed with the time TIMESTAMP_NONE.
 */
#ifndef SIFTD_PIPELINE_TIMESTAMP_SCAN_H
#define SIFTD_PIPELINE_TIMESTAMP_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/timestamp.h"
#include "pipeline/record.h"

/* how much a stamp tells; higher is preferred where a header has several */
enum timestamp_shape {
	TIMESTAMP_TIME,   /* time of day; the day nearest to now_us */
	TIMESTAMP_DATE,   /* midnight */
	TIMESTAMP_SYSLOG, /* Mon D T; the latest year that is not in the future */
	TIMESTAMP_EPOCH,  /* a bare number: 10[.f], 13, 16 or 19 digits */
	TIMESTAMP_FULL
};

struct stamp_trace;

struct timestamp_context {
	int64_t now_us;            /* for what a stamp leaves out */
	int32_t zone_offset_s;     /* of stamps without a zone, seconds east of UTC */
	struct stamp_trace *trace; /* notes what is read; NULL: nobody asks */
};

struct timestamp_match {
	int64_t us; /* or TIMESTAMP_NONE: shaped like a stamp, but absurd */
	enum timestamp_shape shape;
};

/* bytes consumed, 0 when no timestamp stands here */
size_t timestamp_scan(struct slice text, const struct timestamp_context *context,
		      struct timestamp_match *match);
/* klog's MMDD hh:mm:ss.f */
size_t timestamp_scan_klog(struct slice text, const struct timestamp_context *context,
			   struct timestamp_match *match);
/* digits with an optional fraction as epoch s, ms, us or ns by their size; whole slice;
 * TIMESTAMP_NONE when absurd */
int64_t timestamp_of_epoch_text(struct slice text);
/* whole slice, blanks at the ends allowed */
int64_t timestamp_of_text(struct slice text, const struct timestamp_context *context);

/* 1980: where DOS and many a board without a battery begin, and all that lies before */
#define CLOCK_UNSET_US (INT64_C(318211200) * US_PER_SECOND)
#define FUTURE_MAX_US (366 * US_PER_DAY)

/* a time that can order records: neither of a clock that was never set nor far ahead */
static inline bool timestamp_is_plausible(int64_t us, int64_t now_us)
{
	return us >= CLOCK_UNSET_US && us <= now_us + FUTURE_MAX_US;
}

#endif
