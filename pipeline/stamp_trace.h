/* stamp_trace.h - what a parse asked of a line's digits, so that it can be asked again
 *
 * Threads: a trace lives in one parse. Owner: it borrows the line.
 * Limits: STAMP_PROBES_MAX stamps; of a line with more nothing can be kept.
 *
 * A parse looks at digits in two ways. Where they stand decides all layout. Their
 * values decide only what timestamp_scan says, or its like for klog, and these note it.
 * Whatever else judges values must call stamp_trace_refuse: then nothing is kept of the
 * line.
 */
#ifndef SIFTD_PIPELINE_STAMP_TRACE_H
#define SIFTD_PIPELINE_STAMP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "pipeline/timestamp_scan.h"

#define STAMP_PROBES_MAX 4

/* one call, and its answer but for the time */
struct stamp_probe {
	uint16_t at; /* in the line */
	uint16_t given;
	uint16_t taken; /* 0: no stamp */
	uint8_t shape;
	bool klog; /* timestamp_scan_klog was asked */
};

struct stamp_trace {
	struct slice line;
	struct stamp_probe probes[STAMP_PROBES_MAX];
	int64_t times[STAMP_PROBES_MAX];
	unsigned count;
	bool refused;
};

static inline void stamp_trace_refuse(struct stamp_trace *trace)
{
	if (trace != NULL)
		trace->refused = true;
}

/* the text is the line, or its beginning; true when nobody asks */
static inline bool stamp_trace_begins(const struct stamp_trace *trace,
				      struct slice text)
{
	return trace == NULL || trace->line.ptr == text.ptr;
}

/* a call and its answer; match is looked at when something was taken */
void stamp_trace_note(struct stamp_trace *trace, struct slice text, size_t taken,
		      const struct timestamp_match *match, bool klog);

#endif
