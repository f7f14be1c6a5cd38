/* event_counts.h - events counted by time and level, and by the values of their fields
 *
 * Threads: the loop thread only.
 * Limits: HISTOGRAM_BUCKETS_MAX buckets; beyond: 422.
 *
 * What the tables of counts can say comes from them; a filter by host or text, or a
 * facet of hosts, needs the blocks, and ends with 503 where that takes too long. Counts
 * go by the minute: an event without a timestamp stands where it was received, and
 * ranges are widened to whole minutes or buckets.
 */
#ifndef SIFTD_API_EVENT_COUNTS_H
#define SIFTD_API_EVENT_COUNTS_H

#include "api/route.h"

#define HISTOGRAM_BUCKETS_MAX 2000

route_handler_fn event_histogram;
route_handler_fn event_facets;

#endif
