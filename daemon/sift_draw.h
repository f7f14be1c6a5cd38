/* sift_draw.h - the small pictures of a report: sparkline and level bar
 *
 * Threads: any; pure. Owner: the buffer is the caller's.
 * Limits: DRAW_CELLS_MAX columns.
 */
#ifndef SIFTD_DAEMON_SIFT_DRAW_H
#define SIFTD_DAEMON_SIFT_DRAW_H

#include "base/buf.h"
#include "pipeline/record.h"

#define DRAW_CELLS_MAX 64

/* the first `used` of the counts stretched or summed to `columns` columns, the highest
 * one full; a count above 0 always shows */
void draw_spark(struct buf *out, const uint64_t *counts, size_t used, size_t columns);
/* Gives each of `cells` cells a level, worst first, in proportion to the counts; what
 * is WARN or worse gets a cell however rare it is. */
void draw_share_levels(const uint64_t levels[SEVERITY_COUNT],
		       enum severity cells[DRAW_CELLS_MAX], size_t count);
/* a letter a cell: C E W N I D T, and a dot for records without a level; in colour each
 * stands on the level's background */
void draw_level_bar(struct buf *out, const uint64_t levels[SEVERITY_COUNT],
		    size_t count, bool colour);

#endif
