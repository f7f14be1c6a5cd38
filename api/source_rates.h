/* source_rates.h - how fast the daemon's sources receive, over the last minute
 *
 * Threads: the loop thread only. Owner: source_rates_free; the sources outlive it.
 * Limits: SOURCE_RATE_SAMPLES samples of each source, SOURCE_RATE_STEP_S apart.
 */
#ifndef SIFTD_API_SOURCE_RATES_H
#define SIFTD_API_SOURCE_RATES_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/port.h"

#define SOURCE_RATE_SAMPLES 13
#define SOURCE_RATE_STEP_S 5

struct source_rates;

struct source_rate {
	double received_bytes;  /* a second */
	double stored_records;  /* a second */
	uint64_t recent_errors; /* within the minute */
};

struct source_rates *source_rates_new(struct event_base *base,
				      struct source *const *sources, size_t count);
void source_rates_free(struct source_rates **rates);
/* of the source at that index; 0 until there are two samples */
struct source_rate source_rates_of(const struct source_rates *rates, size_t index);

#endif
