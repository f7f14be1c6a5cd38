/* kafka_fetch.h - has librdkafka fetch again before its queue is empty
 *
 * Threads: one of its own; all calls from the source's thread, start and stop from
 * whoever makes and frees the source.
 * Owner: the source; the handle must outlive the stop.
 * Limits: one question at a time, and in 20 ms; stopping waits for it, KAFKA_OFFSETS_MS
 * at most.
 *
 * A broker's thread of librdkafka that finds its queue full sleeps, up to a second,
 * whenever the queue is emptied. fetch.queue.backoff.ms, which shortens that, came with
 * 2.2. Before, only a request wakes it: when half of the queue was taken, the leaders
 * are asked where their logs end, and the answer is thrown away.
 */
#ifndef SIFTD_SOURCES_KAFKA_FETCH_H
#define SIFTD_SOURCES_KAFKA_FETCH_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"
#include "sources/kafka_group.h"

struct kafka_fetch {
	rd_kafka_t *handle;
	size_t most; /* messages that waited since the last question */
	int64_t asked_us;
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t ordered;
	rd_kafka_topic_partition_list_t *about; /* to be asked; NULL: nothing */
	bool asking;
	bool stopping;
};

/* starts no thread where librdkafka needs none */
MUST_CHECK int kafka_fetch_start(struct kafka_fetch *fetch, rd_kafka_t *handle,
				 struct error *error);
/* also when it was not started, or zeroed */
void kafka_fetch_stop(struct kafka_fetch *fetch);
/* waiting: messages that are in the queue now, in front of and behind each turn that
 * takes some. now_us is monotonic */
void kafka_fetch_watch(struct kafka_fetch *fetch, const struct kafka_group *group,
		       size_t waiting, int64_t now_us);

#endif
