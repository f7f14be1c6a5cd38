/* kafka.c - the thread of a Kafka source: rebalances, messages, commits in turns
 *
 * Messages come through one queue, everything else of librdkafka through another. When
 * the lanes have no room the thread stops taking messages - librdkafka then stops
 * fetching at its own bound - and goes on serving the group, so that it stays a member
 * however long the store is away. Nothing is paused: pausing throws away what was
 * fetched, and librdkafka 2.0 can lose its place then.
 */
#include "sources/kafka.h"

#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sources/kafka_conf.h"
#include "sources/kafka_copy.h"
#include "sources/kafka_fetch.h"
#include "sources/kafka_group.h"
#include "sources/kafka_orders.h"

/* of one turn; then rebalances and orders have theirs */
#define TURN_MESSAGES 8192
#define IDLE_MS 100
/* without room in a lane */
#define FULL_MS 5
#define TELL_US INT64_C(1000000)
#define LEAVE_US INT64_C(5000000)
#define CONNECT_MS 500
/* as rd_kafka_version() */
#define STICKY_MENDED 0x02030000

struct kafka {
	struct source source;
	struct kafka_config config; /* strings are copies */
	rd_kafka_t *handle;
	rd_kafka_queue_t *events;
	rd_kafka_queue_t *messages;
	struct kafka_intake intake;
	struct kafka_group group;
	struct kafka_orders orders;
	struct kafka_fetch fetch;
	int64_t told_us;
	pthread_t thread;
	bool running;
	bool full; /* a chunk waits for room */
};

static struct kafka *kafka_of(struct source *source)
{
	return (struct kafka *)source;
}

static void count_error(struct kafka *kafka)
{
	atomic_fetch_add(&kafka->source.stats.errors, 1);
}

static void on_error(struct kafka *kafka, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);

	count_error(kafka);
	log_warn("kafka", "%s: %s source=%s", rd_kafka_err2name(code),
		 rd_kafka_event_error_string(event), kafka->config.name);
}

static void on_offset_commit(struct kafka *kafka, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);

	/* the offsets that count are in PostgreSQL */
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
		log_debug("kafka", "commit for lag tools: %s source=%s",
			  rd_kafka_err2str(code), kafka->config.name);
}

static bool is_damaged(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__BAD_MSG ||
	       code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
	       code == RD_KAFKA_RESP_ERR_INVALID_MSG ||
	       code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
}

static void on_message_error(struct kafka *kafka, struct kafka_partition *partition,
			     const rd_kafka_message_t *message)
{
	count_error(kafka);
	log_warn("kafka",
		 "%s: %s source=%s topic=%s partition=%" PRId32 " offset=%" PRId64,
		 rd_kafka_err2name(message->err), rd_kafka_message_errstr(message),
		 kafka->config.name, partition->topic, partition->number,
		 partition->next);
	if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
	    message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
		kafka_group_skip_expired(&kafka->group, partition);
	else if (is_damaged(message->err) && message->offset >= partition->next)
		kafka_partition_drop(partition, &kafka->intake, message->offset,
				     DROP_UNREADABLE, 0);
}

static void take_message(struct kafka *kafka, const rd_kafka_message_t *message)
{
	struct kafka_partition *partition = kafka_group_find(&kafka->group, message);

	if (partition == NULL)
		return;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		on_message_error(kafka, partition, message);
		return;
	}
	/* fetched before a restart of the partition */
	if (message->offset < partition->next)
		return;
	kafka_partition_add(partition, &kafka->intake, message);
	if (partition->chunk->data_len >= KAFKA_CHUNK_BYTES &&
	    !kafka_partition_put(partition, &kafka->intake))
		kafka->full = true;
}

static void serve_event(struct kafka *kafka, rd_kafka_event_t *event, int64_t now_us)
{
	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_REBALANCE:
		kafka_group_rebalance(&kafka->group, event, now_us);
		break;
	case RD_KAFKA_EVENT_OFFSET_COMMIT:
		on_offset_commit(kafka, event);
		break;
	case RD_KAFKA_EVENT_ERROR:
		on_error(kafka, event);
		break;
	default:
		break;
	}
}

static void serve_events(struct kafka *kafka, int64_t now_us)
{
	rd_kafka_event_t *event = NULL;

	while ((event = rd_kafka_queue_poll(kafka->events, 0)) != NULL) {
		serve_event(kafka, event, now_us);
		rd_kafka_event_destroy(event);
	}
}

static void take_orders(struct kafka *kafka)
{
	struct stored_positions positions = { 0 };
	struct table committed = { 0 };

	if (kafka_orders_take_rewind(&kafka->orders, &positions)) {
		kafka_group_rewind(&kafka->group, &positions);
		stored_positions_deinit(&positions);
		kafka->full = false;
	}
	if (kafka_orders_take_answer(&kafka->orders, &positions)) {
		kafka_group_answer(&kafka->group, &positions);
		stored_positions_deinit(&positions);
	}
	kafka_orders_take_committed(&kafka->orders, &committed);
	kafka_group_committed(&kafka->group, &committed);
	table_deinit(&committed);
}

/* false: some chunk finds no room */
static bool put_chunks(struct kafka *kafka)
{
	bool all = true;

	for (size_t i = 0; i < kafka->group.count; i++)
		all = kafka_partition_put(kafka->group.items[i], &kafka->intake) && all;
	return all;
}

/* true: there may be more */
static bool take_messages(struct kafka *kafka)
{
	kafka->intake.now_us = clock_now_us();
	for (unsigned i = 0; i < TURN_MESSAGES && !kafka->full; i++) {
		rd_kafka_message_t *message =
			rd_kafka_consume_queue(kafka->messages, 0);

		if (message == NULL)
			return false;
		take_message(kafka, message);
		rd_kafka_message_destroy(message);
	}
	return true;
}

static void tell(struct kafka *kafka, int64_t now_us)
{
	if (now_us - kafka->told_us < TELL_US)
		return;
	kafka->told_us = now_us;
	atomic_store(&kafka->source.stats.lag_frames, kafka_group_tell(&kafka->group));
}

static void wait_for_more(struct kafka *kafka, int timeout_ms)
{
	struct pollfd fd = { .fd = kafka->orders.wake_fd, .events = POLLIN };

	if (poll(&fd, 1, timeout_ms) > 0)
		kafka_orders_woken(&kafka->orders);
}

static void watch_fetch(struct kafka *kafka, int64_t now_us)
{
	kafka_fetch_watch(&kafka->fetch, &kafka->group,
			  rd_kafka_queue_length(kafka->messages), now_us);
}

static void take_turn(struct kafka *kafka, bool reading)
{
	int64_t now_us = clock_monotonic_us();
	bool more = false;

	serve_events(kafka, now_us);
	take_orders(kafka);
	kafka->full = !put_chunks(kafka);
	kafka_group_serve(&kafka->group, now_us);
	tell(kafka, now_us);
	if (reading && !kafka->full) {
		/* before as well: a turn may take all that there was */
		watch_fetch(kafka, now_us);
		more = take_messages(kafka);
		watch_fetch(kafka, now_us);
		kafka->full = !put_chunks(kafka);
	}
	if (kafka->full)
		wait_for_more(kafka, FULL_MS);
	else if (!more)
		wait_for_more(kafka, IDLE_MS);
}

static int subscribe(struct kafka *kafka)
{
	rd_kafka_topic_partition_list_t *topics =
		rd_kafka_topic_partition_list_new((int)kafka->config.topics_count);
	rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < kafka->config.topics_count; i++)
		rd_kafka_topic_partition_list_add(topics, kafka->config.topics[i],
						  RD_KAFKA_PARTITION_UA);
	result = rd_kafka_subscribe(kafka->handle, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (result == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	count_error(kafka);
	log_error("kafka", "subscribe: %s source=%s", rd_kafka_err2str(result),
		  kafka->config.name);
	return -1;
}

/* positions are worth something only with the cluster that they are of. false: the
 * daemon stops */
static bool connect_cluster(struct kafka *kafka)
{
	char *cluster_id = NULL;

	while (cluster_id == NULL) {
		if (kafka_orders_life(&kafka->orders) != KAFKA_RUNNING)
			return false;
		serve_events(kafka, clock_monotonic_us());
		cluster_id = rd_kafka_clusterid(kafka->handle, CONNECT_MS);
	}
	kafka->intake.cluster_id = mem_strdup(cluster_id);
	log_info("kafka", "connected cluster=%s source=%s", cluster_id,
		 kafka->config.name);
	rd_kafka_mem_free(kafka->handle, cluster_id);
	return true;
}

/* false: not in time; then the handle must not be destroyed, that could wait for ever
 */
static bool leave_group(struct kafka *kafka)
{
	rd_kafka_queue_t *closing = rd_kafka_queue_new(kafka->handle);
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(kafka->handle, closing);
	int64_t until_us = clock_monotonic_us() + LEAVE_US;
	bool closed = false;

	if (error != NULL)
		rd_kafka_error_destroy(error); /* closed already */
	while (!(closed = rd_kafka_consumer_closed(kafka->handle) == 1) &&
	       clock_monotonic_us() < until_us) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(closing, IDLE_MS);

		if (event == NULL)
			continue;
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
			error = rd_kafka_incremental_unassign(
				kafka->handle,
				rd_kafka_event_topic_partition_list(event));
		else
			error = NULL;
		if (error != NULL)
			rd_kafka_error_destroy(error); /* all is given back anyway */
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(closing);
	return closed;
}

static void *run(void *context)
{
	struct kafka *kafka = context;
	enum kafka_life life = KAFKA_RUNNING;

	if (!connect_cluster(kafka) || subscribe(kafka) < 0)
		return NULL;
	while ((life = kafka_orders_life(&kafka->orders)) != KAFKA_LEAVING)
		take_turn(kafka, life == KAFKA_RUNNING);
	take_orders(kafka);
	(void)kafka_group_tell(&kafka->group); /* the lag is of no use any more */
	return NULL;
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct kafka *kafka = kafka_of(source);

	/* they are read when partitions are assigned */
	(void)positions;
	if (kafka_fetch_start(&kafka->fetch, kafka->handle, error) < 0 ||
	    thread_start(&kafka->thread, "kafka", run, kafka, error) < 0)
		return -1;
	kafka->running = true;
	return 0;
}

static void stop(struct source *source)
{
	kafka_orders_advance(&kafka_of(source)->orders, KAFKA_DRAINING);
}

static void committed(struct source *source, uint64_t stream, struct position position)
{
	kafka_orders_committed(&kafka_of(source)->orders, stream, position.offset);
}

static void rewind_to(struct source *source, const struct stored_positions *positions)
{
	kafka_orders_rewind(&kafka_of(source)->orders, positions);
}

static void take_positions(struct source *source, struct stored_positions *positions)
{
	kafka_orders_answer(&kafka_of(source)->orders, positions);
}

/* Before 2.3 librdkafka's cooperative-sticky assignor aborts the process when a
 * consumer is destroyed that has joined its group and was never assigned anything (its
 * issue 4312). The process is about to end: such a handle is left to it. */
static bool may_destroy(const struct kafka *kafka)
{
	return rd_kafka_version() >= STICKY_MENDED || kafka->group.was_assigned ||
	       kafka->intake.cluster_id == NULL;
}

static void close_handle(struct kafka *kafka)
{
	bool left = leave_group(kafka);
	bool safe = may_destroy(kafka);

	rd_kafka_queue_io_event_enable(kafka->events, -1, NULL, 0);
	rd_kafka_queue_io_event_enable(kafka->messages, -1, NULL, 0);
	kafka_group_deinit(&kafka->group);
	rd_kafka_queue_destroy(kafka->events);
	rd_kafka_queue_destroy(kafka->messages);
	if (left && safe)
		rd_kafka_destroy(kafka->handle);
	else if (!left)
		log_warn("kafka",
			 "the group was not left in time, the broker will find out "
			 "source=%s",
			 kafka->config.name);
}

static void free_kafka(struct source **source)
{
	struct kafka *kafka = NULL;

	if (*source == NULL)
		return;
	kafka = kafka_of(*source);
	if (kafka->running) {
		kafka_orders_advance(&kafka->orders, KAFKA_LEAVING);
		pthread_join(kafka->thread, NULL);
	}
	kafka_fetch_stop(&kafka->fetch);
	close_handle(kafka);
	kafka_orders_deinit(&kafka->orders);
	kafka_route_free(&kafka->intake.route);
	mem_free(kafka->intake.cluster_id);
	buf_deinit(&kafka->intake.extra);
	kafka_config_deinit(&kafka->config);
	mem_free(kafka);
	*source = NULL;
}

static const struct source_ops kafka_ops = {
	.type = "kafka",
	.start = start,
	.stop = stop,
	.committed = committed,
	.rewind = rewind_to,
	.positions = take_positions,
	.free = free_kafka,
};

static bool names_several_topics(const struct kafka_config *config)
{
	return config->topics_count > 1 || config->topics[0][0] == '^';
}

int kafka_new(const struct kafka_config *config, struct source **out,
	      struct error *error)
{
	static const uint64_t one = 1;
	struct kafka *kafka = mem_calloc(1, sizeof(*kafka));
	struct kafka_route *route = NULL;

	kafka->handle = kafka_handle_new(config, error);
	if (kafka->handle == NULL || kafka_route_new(config, &route, error) < 0 ||
	    kafka_orders_init(&kafka->orders, error) < 0) {
		if (kafka->handle != NULL)
			rd_kafka_destroy(kafka->handle);
		kafka_route_free(&route);
		mem_free(kafka);
		return -1;
	}
	(void)rd_kafka_poll_set_consumer(kafka->handle); /* it is one */
	kafka->config = kafka_config_copy(config);
	kafka->source.ops = &kafka_ops;
	kafka->source.name = kafka->config.name;
	kafka->source.project_id = config->project_id;
	kafka->source.ingestion_id = config->ingestion_id;
	kafka->source.host_id = "";
	kafka->events = rd_kafka_queue_get_consumer(kafka->handle);
	kafka->messages = rd_kafka_queue_new(kafka->handle);
	/* what the descriptor gets is what an order writes */
	rd_kafka_queue_io_event_enable(kafka->events, kafka->orders.wake_fd, &one,
				       sizeof(one));
	rd_kafka_queue_io_event_enable(kafka->messages, kafka->orders.wake_fd, &one,
				       sizeof(one));
	kafka->intake = (struct kafka_intake){
		.config = &kafka->config,
		.source = &kafka->source,
		.route = route,
		.names_topic = names_several_topics(config),
	};
	kafka->group = (struct kafka_group){ .handle = kafka->handle,
					     .messages = kafka->messages,
					     .intake = &kafka->intake };
	*out = &kafka->source;
	return 0;
}
