/* kafka_fetch.c - a thread that asks, since the answer comes behind what is fetched */
#include "sources/kafka_fetch.h"

#include "base/thread.h"
#include "sources/kafka_offsets.h"

/* less is fetched in no time */
#define WORTH_MESSAGES 100
/* from one question to the next */
#define PAUSE_US INT64_C(20000)

static bool sleeps_when_full(rd_kafka_t *handle)
{
	size_t size = 0;

	return rd_kafka_conf_get(rd_kafka_conf(handle), "fetch.queue.backoff.ms", NULL,
				 &size) != RD_KAFKA_CONF_OK;
}

/* NULL: stop */
static rd_kafka_topic_partition_list_t *next_question(struct kafka_fetch *fetch)
{
	rd_kafka_topic_partition_list_t *about = NULL;

	pthread_mutex_lock(&fetch->mutex);
	fetch->asking = false;
	while (!fetch->stopping && fetch->about == NULL)
		pthread_cond_wait(&fetch->ordered, &fetch->mutex);
	if (!fetch->stopping) {
		about = fetch->about;
		fetch->about = NULL;
		fetch->asking = true;
	}
	pthread_mutex_unlock(&fetch->mutex);
	return about;
}

static void *run(void *context)
{
	struct kafka_fetch *fetch = context;
	rd_kafka_topic_partition_list_t *about = NULL;

	while ((about = next_question(fetch)) != NULL) {
		kafka_ends_ask(fetch->handle, about);
		rd_kafka_topic_partition_list_destroy(about);
	}
	return NULL;
}

int kafka_fetch_start(struct kafka_fetch *fetch, rd_kafka_t *handle,
		      struct error *error)
{
	*fetch = (struct kafka_fetch){ .handle = handle };
	if (!sleeps_when_full(handle))
		return 0;
	pthread_mutex_init(&fetch->mutex, NULL);
	pthread_cond_init(&fetch->ordered, NULL);
	if (thread_start(&fetch->thread, "kafka_fetch", run, fetch, error) < 0) {
		pthread_cond_destroy(&fetch->ordered);
		pthread_mutex_destroy(&fetch->mutex);
		return -1;
	}
	fetch->running = true;
	return 0;
}

void kafka_fetch_stop(struct kafka_fetch *fetch)
{
	if (!fetch->running)
		return;
	pthread_mutex_lock(&fetch->mutex);
	fetch->stopping = true;
	pthread_cond_signal(&fetch->ordered);
	pthread_mutex_unlock(&fetch->mutex);
	pthread_join(fetch->thread, NULL);
	if (fetch->about != NULL)
		rd_kafka_topic_partition_list_destroy(fetch->about);
	pthread_cond_destroy(&fetch->ordered);
	pthread_mutex_destroy(&fetch->mutex);
	fetch->running = false;
}

static rd_kafka_topic_partition_list_t *list_of(const struct kafka_group *group)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)group->count);

	for (size_t i = 0; i < group->count; i++)
		rd_kafka_topic_partition_list_add(list, group->items[i]->topic,
						  group->items[i]->number);
	return list;
}

void kafka_fetch_watch(struct kafka_fetch *fetch, const struct kafka_group *group,
		       size_t waiting, int64_t now_us)
{
	if (waiting > fetch->most)
		fetch->most = waiting;
	if (!fetch->running || fetch->most < WORTH_MESSAGES ||
	    waiting > fetch->most / 2 || group->count == 0 ||
	    now_us - fetch->asked_us < PAUSE_US)
		return;
	fetch->asked_us = now_us;
	/* while more than its bound waits it sleeps on: the next half wakes it again */
	fetch->most = waiting;
	pthread_mutex_lock(&fetch->mutex);
	if (fetch->about == NULL && !fetch->asking) {
		fetch->about = list_of(group);
		pthread_cond_signal(&fetch->ordered);
	}
	pthread_mutex_unlock(&fetch->mutex);
}
