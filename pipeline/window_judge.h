/* window_judge.h - which windows of a finding fired, from all of its buckets
 *
 * Threads: any; pure.
 * Owner: the caller's; window_episodes_deinit frees what was found.
 * Limits: as many episodes as there are buckets; a bucket has at most the rule's count
 *         of values.
 *
 * The daemon judges in the transaction that stores the buckets, by siftd.fired_windows
 * and siftd.judge_findings (0033_judge_sets.sql); where there is no database, or
 * nothing is to be stored, this says the same of the same buckets. The unit test
 * window_sql holds the two together on random histories.
 */
#ifndef SIFTD_PIPELINE_WINDOW_JUDGE_H
#define SIFTD_PIPELINE_WINDOW_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "pipeline/rules.h"

/* as batch_window, of all batches together */
struct window_bucket {
	int64_t bucket_us; /* its begin */
	uint64_t count;
	uint64_t others;
	int64_t first_us, last_us; /* INT64_MAX and INT64_MIN: none, as for `then` */
	int64_t then_first_us, then_last_us;
	/* cardinality: distinct hashes, ascending as signed numbers; at most the rule's
	 * count of them, the smallest */
	const int64_t *values;
	size_t values_count;
};

struct window_history {
	const struct rule *rule;
	const struct window_bucket *buckets; /* ascending */
	size_t count;
	uint64_t total; /* occurrences, for new_group */
	/* what the events of the project span; none: INT64_MAX and INT64_MIN */
	int64_t clock_first_us, clock_last_us;
};

struct window_episode {
	int64_t first_us;
	int64_t last_us; /* the end of its last window */
	uint64_t total;  /* occurrences in its buckets */
	uint64_t peak;   /* the highest value of its windows */
};

struct window_episodes {
	struct window_episode *items; /* ascending */
	size_t count, capacity;
};

void window_episodes_deinit(struct window_episodes *episodes);
/* replaces what is in out; the rule has a window */
void window_judge(const struct window_history *history, struct window_episodes *out);

#endif
