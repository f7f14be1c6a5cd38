/* event_tally.h - counts of events by time, level, service, host and template
 *
 * Threads: one thread at a time. Pure.
 * Owner: event_tally_deinit frees; names are copied.
 * Limits: TALLY_NAMES_MAX services and as many hosts; events of further ones are only
 * in `others`. As many buckets as the range has.
 */
#ifndef SIFTD_API_EVENT_TALLY_H
#define SIFTD_API_EVENT_TALLY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/table.h"
#include "pipeline/block.h"

#define TALLY_NAMES_MAX 100000

/* values of a column with their counts, in the order of their appearance */
struct tally_names {
	struct table places; /* hash of a name -> its place in the list, from 1 */
	struct slice *names; /* ptr NULL: events without one */
	uint64_t *counts;
	size_t count;
	size_t names_capacity;
	size_t counts_capacity;
	uint64_t others;
};

struct event_tally {
	int64_t width_us; /* of the buckets; 0: time is not looked at */
	struct arena arena;
	/* begin of a bucket in widths since the epoch (as unsigned), times
	 * SEVERITY_COUNT, plus the severity -> events */
	struct table buckets;
	uint64_t total;
	uint64_t levels[SEVERITY_COUNT];
	struct tally_names services;
	struct tally_names hosts;
	struct table templates; /* key -> events */
};

void event_tally_deinit(struct event_tally *tally);
void event_tally_add(struct event_tally *tally, const struct block_event *event);
/* the number of the bucket that a time lies in; it begins at number * width */
int64_t event_tally_bucket(int64_t time_us, int64_t width_us);

#endif
