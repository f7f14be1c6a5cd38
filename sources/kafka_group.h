/* kafka_group.h - the partitions that a consumer has, gets and gives back
 *
 * Threads: the source's thread.
 * Owner: kafka_group_deinit frees the partitions; handle and intake are the source's.
 * Limits: giving back waits at most KAFKA_SETTLE_US for the last commit.
 *
 * Gained partitions wait for their stored positions (the source asks for them, the
 * database answers through the loop) and are then assigned with these. Partitions that
 * are to be given back are read no further; when all of theirs is committed, they are
 * unassigned. librdkafka sends no second rebalance before the first is answered.
 *
 *   none -> gained (positions asked for) -> reading -> revoking -> none
 *                                              `-- lost -----------^
 */
#ifndef SIFTD_SOURCES_KAFKA_GROUP_H
#define SIFTD_SOURCES_KAFKA_GROUP_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/table.h"
#include "sources/kafka_partition.h"

#define KAFKA_SETTLE_US INT64_C(20000000)

struct kafka_group {
	rd_kafka_t *handle;
	rd_kafka_queue_t *messages; /* of all partitions; rebalances come elsewhere */
	struct kafka_intake *intake;
	struct kafka_partition **items;
	size_t count, capacity;
	/* found last; messages come in runs */
	struct kafka_partition *found;
	const rd_kafka_topic_t *found_topic;
	/* rebalances that are not answered yet */
	rd_kafka_topic_partition_list_t *gained;
	rd_kafka_topic_partition_list_t *revoked;
	struct stored_positions stored; /* for the gained */
	bool has_stored;
	unsigned tries; /* to learn where the gained begin and end */
	int64_t retry_us;
	int64_t settle_us; /* when waiting for the revoked ends */
	bool was_assigned; /* something, or nothing, at least once */
};

void kafka_group_deinit(struct kafka_group *group);
void kafka_group_rebalance(struct kafka_group *group, rd_kafka_event_t *event,
			   int64_t now_us);
/* moves the positions that were asked for */
void kafka_group_answer(struct kafka_group *group, struct stored_positions *positions);
/* does what has become possible */
void kafka_group_serve(struct kafka_group *group, int64_t now_us);
/* true while a rebalance waits to be answered */
bool kafka_group_busy(const struct kafka_group *group);
/* NULL: it is not ours any more, or is being given back */
struct kafka_partition *kafka_group_find(struct kafka_group *group,
					 const rd_kafka_message_t *message);
/* all partitions are read again from these positions */
void kafka_group_rewind(struct kafka_group *group,
			const struct stored_positions *positions);
/* the broker no longer has the partition's next offset: goes on where its log begins */
void kafka_group_skip_expired(struct kafka_group *group,
			      struct kafka_partition *partition);
/* streams and offsets that PostgreSQL has */
void kafka_group_committed(struct kafka_group *group, const struct table *offsets);
/* commits to Kafka what PostgreSQL has; the messages not yet committed */
uint64_t kafka_group_tell(struct kafka_group *group);

#endif
