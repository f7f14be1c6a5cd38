/* runs.h - moments summed up to runs without a gap longer than a given one
 *
 * Threads: the owner's. Owner: runs_deinit.
 * Limits: a run is 24 bytes, and there is at most one for each moment added.
 *
 * The same moments give the same runs in whatever order they come, once runs_settle was
 * called: two moments are in one run when no gap between them is longer than `quiet`.
 */
#ifndef SIFTD_PIPELINE_RUNS_H
#define SIFTD_PIPELINE_RUNS_H

#include <stddef.h>
#include <stdint.h>

struct run {
	int64_t first_us;
	int64_t last_us;
	uint64_t count;
};

struct runs {
	struct run *items;
	size_t count, capacity;
};

void runs_deinit(struct runs *runs);
void runs_add(struct runs *runs, int64_t moment_us, int64_t quiet_us);
/* sorts them, and joins those that touch */
void runs_settle(struct runs *runs, int64_t quiet_us);

#endif
