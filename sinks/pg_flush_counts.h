/* pg_flush_counts.h - counts by minute: into their rows, or put aside for later
 *
 * Threads: the loop thread.
 * Owner: flush_counts_deinit frees.
 * Limits: FLUSH_PARTS_MAX transactions, or such as have FLUSH_PARTS_COUNTS_MAX counts,
 *         leave parts behind before one adds them up.
 *
 * A batch that others follow leaves its counts as a part. The next batch that none
 * follows, or the first that would pass these limits, adds all parts to their rows in
 * its own transaction: whoever reads when all is committed finds all of it counted.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_COUNTS_H
#define SIFTD_SINKS_PG_FLUSH_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sender.h"

#define FLUSH_PARTS_MAX 16
#define FLUSH_PARTS_COUNTS_MAX ((size_t)256 * 1024)

struct flush_counts {
	int64_t *projects; /* that have parts, as far as known */
	size_t projects_count, projects_capacity;
	unsigned parts; /* transactions that left some */
	size_t counts;  /* that these hold */
};

void flush_counts_deinit(struct flush_counts *counts);
/* the project has parts: found by a new connection, left by another */
void flush_counts_note(struct flush_counts *counts, int64_t project_id);
/* decides what an attempt does; `waiting`: other batches are */
void flush_counts_decide(const struct flush_counts *counts, struct flush_plan *plan,
			 bool waiting);
/* one of the attempts was committed, which one is not known: it may have left parts */
void flush_counts_unsure(struct flush_plan *plan);
/* the attempt was committed */
void flush_counts_committed(struct flush_counts *counts, const struct flush_plan *plan);

/* one range of the batch's counts */
void flush_send_counts(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t range);
/* into array 0: the projects of the batch, and those whose parts it adds up */
void flush_add_projects(struct flush_sender *sender, const struct flush_plan *plan);
/* adds up the parts, when it was decided */
void flush_send_fold(struct flush_sender *sender, const struct flush_plan *plan);

#endif
