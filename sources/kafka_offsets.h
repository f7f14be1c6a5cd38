/* kafka_offsets.h - where the logs of partitions begin and end
 *
 * Threads: the source's thread; each call may wait for brokers, at most
 * KAFKA_OFFSETS_MS. Owner: the lists are the caller's.
 */
#ifndef SIFTD_SOURCES_KAFKA_OFFSETS_H
#define SIFTD_SOURCES_KAFKA_OFFSETS_H

#include <librdkafka/rdkafka.h>

#include "base/compiler.h"
#include "base/error.h"

#define KAFKA_OFFSETS_MS 5000

/* of each partition the first offset still there, and the one behind the last */
struct kafka_bounds {
	rd_kafka_topic_partition_list_t *low;
	rd_kafka_topic_partition_list_t *high;
};

MUST_CHECK int kafka_bounds_query(rd_kafka_t *handle,
				  const rd_kafka_topic_partition_list_t *partitions,
				  struct kafka_bounds *out, struct error *error);
/* asks the leaders where their logs end, and forgets it: the request is what counts */
void kafka_ends_ask(rd_kafka_t *handle,
		    const rd_kafka_topic_partition_list_t *partitions);
void kafka_bounds_deinit(struct kafka_bounds *bounds);

#endif
