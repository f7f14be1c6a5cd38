/* pg_flush_days.h - which days of event_blocks have a partition
 *
 * Threads: the loop thread. Owner: flush_days_deinit frees.
 * Limits: days farther than a year from now get none; their blocks go to the default.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_DAYS_H
#define SIFTD_SINKS_PG_FLUSH_DAYS_H

#include "base/table.h"
#include "pipeline/batch.h"
#include "sinks/pg_flush_sender.h"
#include "sinks/pg_flush_verdict.h"

struct flush_days {
	struct table made; /* or tried: not again */
};

/* days since the epoch; the partition that a block goes to */
int32_t flush_block_day(const struct batch_block *block);
/* false: no day of the batch needs a partition made. The day after each is made with
 * it, so that midnight finds it there */
bool flush_days_next(const struct flush_days *days, const struct batch *batch,
		     int32_t *day);
/* the attempt to make it has ended: not again, whatever came of it */
void flush_days_end(struct flush_days *days, int32_t day,
		    const struct flush_refusal *refusal);
void flush_days_deinit(struct flush_days *days);
void flush_days_send(struct flush_sender *sender, int32_t day);

#endif
