/* compact_runs.h - which small blocks are worth merging
 *
 * Threads: any. Pure. Owner: the caller's arrays.
 * Limits: COMPACT_RUN_MAX blocks a run.
 *
 * A run is neighbours in seq of one project and one day. It is merged when it fills a
 * block that is small no more, or when it is at least blocks_min long and its largest
 * block has no more than half of its events: so an event is written again each time its
 * block doubles at least, not with every newcomer.
 */
#ifndef SIFTD_DAEMON_COMPACT_RUNS_H
#define SIFTD_DAEMON_COMPACT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPACT_RUN_MAX 256

/* as listed: ordered by project, first_seq */
struct compact_block {
	int64_t project_id;
	int64_t day; /* since the epoch */
	int64_t first_seq;
	int64_t count;
	int64_t raw_bytes;
};

struct compact_limits {
	int64_t small_events; /* a block of fewer is small */
	int64_t blocks_min;
	int64_t events_max; /* of a merged block */
	int64_t bytes_max;
};

struct compact_run {
	size_t first;
	size_t count;
};

/* the first run worth merging at or behind `from`; false: there is none */
bool compact_runs_next(const struct compact_block *blocks, size_t count, size_t from,
		       const struct compact_limits *limits, struct compact_run *out);

#endif
