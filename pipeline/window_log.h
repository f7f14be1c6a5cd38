/* window_log.h - the buckets of many batches, kept in memory and judged
 *
 * Threads: one owner. Owner: window_log_free; keys are copied, rules are borrowed.
 * Limits: WINDOW_LOG_BUCKETS_MAX buckets and WINDOW_LOG_VALUES_MAX distinct values: the
 *         owner asks window_log_fits first, and stops there or lets old ones go.
 *
 * For what judges events without storing them: a text, a file, a stretch of the past.
 */
#ifndef SIFTD_PIPELINE_WINDOW_LOG_H
#define SIFTD_PIPELINE_WINDOW_LOG_H

#include <stdbool.h>

#include "pipeline/batch.h"
#include "pipeline/window_judge.h"

#define WINDOW_LOG_BUCKETS_MAX ((size_t)1 << 18)
#define WINDOW_LOG_VALUES_MAX ((size_t)1 << 20)

struct window_log;

struct window_log *window_log_new(void);
void window_log_free(struct window_log **log);
/* whether all buckets and values of the batch certainly have room */
bool window_log_fits(const struct window_log *log, const struct batch *batch);
/* only when it fits (asserted) */
void window_log_absorb(struct window_log *log, const struct batch *batch);
/* by the times of their buckets */
void window_log_forget_older_half(struct window_log *log);
/* judges the buckets of rule and key; of `history` the rule, total and clock are the
 * caller's, the buckets are filled in */
void window_log_judge(struct window_log *log, struct slice key,
		      struct window_history *history, struct window_episodes *out);

#endif
