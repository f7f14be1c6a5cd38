/* window.h - event-time buckets of rules with a window, as deltas in the batch
 *
 * Threads: the batch's lane. Owner: the batch.
 * Limits: BATCH_WINDOWS_MAX buckets in a batch, and BATCH_VALUES_MAX distinct values;
 *         events beyond are not counted, and batch->windows_dropped says how many.
 *
 * A window's span is cut into WINDOW_BUCKETS buckets of equal width, aligned to the
 * epoch, so that all daemons and all replays use the same ones. A finding opens where
 * WINDOW_BUCKETS consecutive buckets sum up to the count. So a window never counts
 * events that lie further apart than the span; of a burst that fills the span to the
 * last microsecond it may miss what lies in one bucket at the edge.
 */
#ifndef SIFTD_PIPELINE_WINDOW_H
#define SIFTD_PIPELINE_WINDOW_H

#include "pipeline/batch.h"

#define WINDOW_BUCKETS 12
#define BATCH_WINDOWS_MAX 16384
#define BATCH_VALUES_MAX 65536
/* new_group has one bucket a key, at a time of its own that never grows old */
#define WINDOW_EVER_US (INT64_MAX / 4)

struct window_event {
	int64_t project_id;
	int64_t timestamp_us;
	uint64_t template_key;
	const struct record *record;
};

int64_t window_bucket_width_us(const struct rule_window *window);
/* begin of the bucket that holds the moment, before the epoch too */
int64_t window_bucket_us(int64_t timestamp_us, int64_t width_us);
/* Counts one event of the rule and key; the key is copied when it is new. `rule` is the
 * one that findings belong to; is_partner: the event is one of its `of` or `then`. */
void window_add(struct batch *batch, const struct window_event *event,
		const struct rule *rule, bool is_partner, struct slice key);

#endif
