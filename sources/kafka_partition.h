/* kafka_partition.h - one assigned partition: its offsets, and the chunk being filled
 *
 * Threads: the source's thread. Owner: kafka_partition_free frees; the intake is shared
 * by all partitions of a source.
 * Limits: chunks of KAFKA_CHUNK_BYTES (one larger message makes one larger chunk); of a
 *         message KAFKA_HEADERS_MAX headers and KAFKA_EXTRA_BYTES of key and headers,
 *         what is left out is counted in an attribute.
 */
#ifndef SIFTD_SOURCES_KAFKA_PARTITION_H
#define SIFTD_SOURCES_KAFKA_PARTITION_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sources/kafka.h"
#include "sources/kafka_route.h"

#define KAFKA_CHUNK_BYTES ((size_t)512 * 1024)
#define KAFKA_HEADERS_MAX 32
#define KAFKA_EXTRA_BYTES ((size_t)16 * 1024)

/* what all partitions of a source share */
struct kafka_intake {
	const struct kafka_config *config;
	struct source *source;
	struct kafka_route *route; /* NULL: all is of one project */
	char *cluster_id;
	bool names_topic; /* each record gets its topic as an attribute */
	int64_t now_us;
	struct buf extra;
};

struct kafka_partition {
	char *topic;
	int32_t number;
	char *stream_name;
	int project;     /* as its topic says, see kafka_route.h */
	uint64_t stream; /* changes with each rewind */
	bool opened;     /* the stream's first chunk was put */
	bool revoking;   /* no more messages are taken */
	int64_t first;   /* where reading began when there was no stored position */
	int64_t begin;   /* what the stream's first flush compares with */
	int64_t next;    /* offset of the next message */
	int64_t given;   /* up to here chunks were put */
	int64_t committed;
	int64_t told; /* committed to Kafka as well */
	struct chunk *chunk;
	size_t data_capacity;
};

struct kafka_partition *kafka_partition_new(const struct kafka_intake *intake,
					    const char *topic, int32_t number);
void kafka_partition_free(struct kafka_partition **partition);
/* a new stream, from where the stored position is; what was not put is forgotten */
void kafka_partition_begin(struct kafka_partition *partition, int64_t offset);
/* the message becomes an item of the chunk */
void kafka_partition_add(struct kafka_partition *partition, struct kafka_intake *intake,
			 const rd_kafka_message_t *message);
/* reading goes on at another offset; `records` were dropped for that */
void kafka_partition_jump(struct kafka_partition *partition,
			  const struct kafka_intake *intake, int64_t offset,
			  uint64_t records);
/* notes that a message is lost for a reason, and goes on behind it */
void kafka_partition_drop(struct kafka_partition *partition,
			  const struct kafka_intake *intake, int64_t offset,
			  enum drop_reason reason, uint64_t bytes);
/* puts the chunk, if there is one; false: no room, it stays */
bool kafka_partition_put(struct kafka_partition *partition,
			 const struct kafka_intake *intake);
/* the stream ends behind what was added so far: the next put closes and seals it */
void kafka_partition_end(struct kafka_partition *partition);
/* everything that was added is committed */
bool kafka_partition_settled(const struct kafka_partition *partition);

#endif
