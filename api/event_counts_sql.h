/* event_counts_sql.h - an event filter as conditions on the tables of counts
 *
 * Threads: any; pure.
 * Owner: the text is the caller's; parameters lie in the request's arena.
 */
#ifndef SIFTD_API_EVENT_COUNTS_SQL_H
#define SIFTD_API_EVENT_COUNTS_SQL_H

#include <stdint.h>

#include "api/db.h"
#include "api/event_filter.h"

/* minutes since the epoch, both inclusive */
struct minute_range {
	int64_t from;
	int64_t to;
};

/* a histogram's buckets are so many minutes */
struct counts_buckets {
	struct minute_range range;
	int64_t width;
};

/* the filter needs what only the blocks have */
bool counts_need_blocks(const struct event_filter *filter);
struct minute_range counts_range(const struct event_filter *filter);
/* rows of bucket number, severity, events */
void counts_histogram_sql(struct request *request, const struct event_filter *filter,
			  const struct counts_buckets *buckets, struct buf *sql,
			  struct db_call *call);
/* one row: total, and JSON arrays of levels, services, groups */
void counts_facets_sql(struct request *request, const struct event_filter *filter,
		       int64_t limit, struct buf *sql, struct db_call *call);

#endif
