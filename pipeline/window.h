/* window.h - event-time buckets of threshold rules, as deltas in the batch
 *
 * Threads: the batch's lane. Owner: the batch.
 * Limits: BATCH_WINDOWS_MAX buckets in a batch; events beyond are not counted, and
 *         batch->windows_dropped says how many.
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

int64_t window_bucket_width_us(const struct rule_window *window);
/* begin of the bucket that holds the moment, before the epoch too */
int64_t window_bucket_us(int64_t timestamp_us, int64_t width_us);
/* counts one event of the rule and key; the key is copied when it is new */
void window_add(struct batch *batch, int64_t project_id, const struct rule *rule,
		struct slice key, int64_t timestamp_us);

#endif
