/* kafka_group.c - answering rebalances with positions from PostgreSQL */
#include "sources/kafka_group.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sources/kafka_offsets.h"

#define RETRY_US INT64_C(500000)
/* to learn where logs begin and end; then stored positions are used unchecked, and what
 * expired is told by the fetch */
#define TRIES_MAX 4

static const char *source_name(const struct kafka_group *group)
{
	return group->intake->config->name;
}

static void report(const struct kafka_group *group, const char *what,
		   rd_kafka_error_t *error)
{
	if (error == NULL)
		return;
	log_warn("kafka", "%s: %s source=%s", what, rd_kafka_error_string(error),
		 source_name(group));
	atomic_fetch_add(&group->intake->source->stats.errors, 1);
	rd_kafka_error_destroy(error);
}

static void list_free(rd_kafka_topic_partition_list_t **list)
{
	if (*list != NULL)
		rd_kafka_topic_partition_list_destroy(*list);
	*list = NULL;
}

static size_t place_of(const struct kafka_group *group, const char *topic,
		       int32_t number)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->items[i]->number == number &&
		    strcmp(group->items[i]->topic, topic) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void add(struct kafka_group *group, struct kafka_partition *partition)
{
	mem_grow(&group->items, &group->capacity, group->count,
		 sizeof(struct kafka_partition *));
	group->items[group->count++] = partition;
	group->found = NULL;
	atomic_store(&group->intake->source->stats.open_streams, group->count);
}

static void drop(struct kafka_group *group, const rd_kafka_topic_partition_t *which)
{
	size_t at = place_of(group, which->topic, which->partition);

	if (at == SIZE_MAX)
		return;
	kafka_partition_free(&group->items[at]);
	group->items[at] = group->items[--group->count];
	group->found = NULL;
	atomic_store(&group->intake->source->stats.open_streams, group->count);
}

void kafka_group_deinit(struct kafka_group *group)
{
	for (size_t i = 0; i < group->count; i++)
		kafka_partition_free(&group->items[i]);
	mem_free(group->items);
	list_free(&group->gained);
	list_free(&group->revoked);
	stored_positions_deinit(&group->stored);
	*group = (struct kafka_group){ 0 };
}

static void begin_gaining(struct kafka_group *group,
			  const rd_kafka_topic_partition_list_t *list)
{
	struct source *source = group->intake->source;

	list_free(&group->gained);
	stored_positions_deinit(&group->stored);
	group->gained = rd_kafka_topic_partition_list_copy(list);
	group->has_stored = false;
	group->tries = 0;
	group->retry_us = 0;
	source->positions.ask(source->positions.context, source);
}

/* what is lost belongs to others already: nothing may wait, and what of it is on its
 * way to the store meets the guard */
static void lose(struct kafka_group *group, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		size_t at =
			place_of(group, list->elems[i].topic, list->elems[i].partition);

		if (at == SIZE_MAX)
			continue;
		chunk_free(&group->items[at]->chunk);
		kafka_partition_end(group->items[at]);
		/* without room the lane keeps a stream that gets nothing more */
		(void)kafka_partition_put(group->items[at], group->intake);
		drop(group, &list->elems[i]);
	}
	report(group, "incremental_unassign",
	       rd_kafka_incremental_unassign(group->handle, list));
}

static void begin_revoking(struct kafka_group *group,
			   const rd_kafka_topic_partition_list_t *list, int64_t now_us)
{
	list_free(&group->revoked);
	group->revoked = rd_kafka_topic_partition_list_copy(list);
	group->settle_us = now_us + KAFKA_SETTLE_US;
	for (int i = 0; i < list->cnt; i++) {
		size_t at =
			place_of(group, list->elems[i].topic, list->elems[i].partition);

		if (at == SIZE_MAX)
			continue;
		group->items[at]->revoking = true;
		kafka_partition_end(group->items[at]);
	}
	group->found = NULL;
}

void kafka_group_rebalance(struct kafka_group *group, rd_kafka_event_t *event,
			   int64_t now_us)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_event_topic_partition_list(event);
	rd_kafka_resp_err_t what = rd_kafka_event_error(event);
	bool is_lost = rd_kafka_assignment_lost(group->handle) == 1;

	atomic_fetch_add(&group->intake->source->stats.rebalances, 1);
	log_info("kafka", "rebalance what=%s partitions=%d source=%s",
		 what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? "assign"
		 : is_lost                                    ? "lost"
							      : "revoke",
		 list->cnt, source_name(group));
	if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		group->was_assigned = true;
		begin_gaining(group, list);
	} else if (is_lost)
		lose(group, list);
	else
		begin_revoking(group, list, now_us);
}

void kafka_group_answer(struct kafka_group *group, struct stored_positions *positions)
{
	if (group->gained == NULL)
		return;
	stored_positions_deinit(&group->stored);
	group->stored = *positions;
	group->has_stored = true;
	*positions = (struct stored_positions){ 0 };
}

/* the broker deleted messages before we read them, or the log is another one */
static void check_bounds(const struct kafka_group *group,
			 struct kafka_partition *partition, int64_t low, int64_t high)
{
	int64_t stored = partition->begin;
	uint64_t expired = 0;

	if (stored >= low && stored <= high)
		return;
	if (stored < low)
		expired = (uint64_t)(low - stored);
	log_error("kafka",
		  "%s topic=%s partition=%" PRId32 " stored=%" PRId64 " low=%" PRId64
		  " high=%" PRId64 " source=%s",
		  stored < low
			  ? "messages were deleted before they were read"
			  : "the log ends before the stored position: the topic was "
			    "made anew, reading it from its beginning",
		  partition->topic, partition->number, stored, low, high,
		  source_name(group));
	atomic_fetch_add(&group->intake->source->stats.errors, 1);
	kafka_partition_jump(partition, group->intake, low, expired);
}

/* before it is assigned: its messages get a queue of their own, so that reading can
 * wait while rebalances do not */
static void forward(const struct kafka_group *group,
		    const rd_kafka_topic_partition_t *which)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(
		group->handle, which->topic, which->partition);

	rd_kafka_queue_forward(queue, group->messages);
	rd_kafka_queue_destroy(queue);
}

static void begin_partition(struct kafka_group *group,
			    rd_kafka_topic_partition_t *which, int64_t low,
			    int64_t high)
{
	const struct kafka_config *config = group->intake->config;
	struct kafka_partition *partition =
		kafka_partition_new(group->intake, which->topic, which->partition);
	const struct stored_position *stored =
		stored_positions_find(&group->stored, partition->stream_name);

	forward(group, which);
	if (stored != NULL) {
		kafka_partition_begin(partition, stored->position.offset);
		check_bounds(group, partition, low, high);
	} else {
		kafka_partition_begin(partition,
				      config->start_at == KAFKA_START_END ? high : low);
		/* stores the position at once, so that a restart begins there too */
		kafka_partition_jump(partition, group->intake, partition->begin, 0);
	}
	partition->first = partition->next;
	which->offset = partition->next;
	drop(group, which);
	add(group, partition);
}

/* a partition of which neither is known where it begins nor where we were cannot be
 * read before the next rebalance */
static bool has_stored(const struct kafka_group *group,
		       const rd_kafka_topic_partition_t *which)
{
	struct kafka_partition *partition =
		kafka_partition_new(group->intake, which->topic, which->partition);
	bool has =
		stored_positions_find(&group->stored, partition->stream_name) != NULL;

	kafka_partition_free(&partition);
	if (!has)
		log_error("kafka",
			  "left out until the next rebalance topic=%s "
			  "partition=%" PRId32 " source=%s",
			  which->topic, which->partition, source_name(group));
	return has;
}

/* false: not all are known yet */
static bool begin_partitions(struct kafka_group *group,
			     rd_kafka_topic_partition_list_t *list)
{
	struct kafka_bounds bounds = { 0 };
	struct error error;

	if (kafka_bounds_query(group->handle, group->gained, &bounds, &error) < 0) {
		log_warn("kafka", "%s source=%s", error.text, source_name(group));
		/* one partition without a leader must not hold up the others */
		if (++group->tries < TRIES_MAX)
			return false;
	}
	for (int i = 0; i < group->gained->cnt; i++) {
		const rd_kafka_topic_partition_t *which = &group->gained->elems[i];
		bool known = bounds.high != NULL;

		if (!known && !has_stored(group, which))
			continue;
		begin_partition(group,
				rd_kafka_topic_partition_list_add(list, which->topic,
								  which->partition),
				known ? bounds.low->elems[i].offset : 0,
				known ? bounds.high->elems[i].offset : INT64_MAX);
	}
	kafka_bounds_deinit(&bounds);
	return true;
}

static void finish_gaining(struct kafka_group *group, int64_t now_us)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(group->gained->cnt);

	if (group->gained->cnt == 0 || begin_partitions(group, list)) {
		report(group, "incremental_assign",
		       rd_kafka_incremental_assign(group->handle, list));
		list_free(&group->gained);
		stored_positions_deinit(&group->stored);
	} else {
		group->retry_us = now_us + RETRY_US;
	}
	rd_kafka_topic_partition_list_destroy(list);
}

static bool all_settled(const struct kafka_group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->items[i]->revoking &&
		    !kafka_partition_settled(group->items[i]))
			return false;
	}
	return true;
}

static void finish_revoking(struct kafka_group *group)
{
	if (!all_settled(group))
		log_warn("kafka",
			 "partitions are given back before all of theirs is committed: "
			 "who gets them reads it again source=%s",
			 source_name(group));
	(void)kafka_group_tell(group); /* while they are ours */
	for (int i = 0; i < group->revoked->cnt; i++)
		drop(group, &group->revoked->elems[i]);
	report(group, "incremental_unassign",
	       rd_kafka_incremental_unassign(group->handle, group->revoked));
	list_free(&group->revoked);
}

void kafka_group_serve(struct kafka_group *group, int64_t now_us)
{
	if (group->revoked != NULL &&
	    (all_settled(group) || now_us >= group->settle_us))
		finish_revoking(group);
	if (group->gained != NULL && group->has_stored && now_us >= group->retry_us)
		finish_gaining(group, now_us);
}

bool kafka_group_busy(const struct kafka_group *group)
{
	return group->gained != NULL || group->revoked != NULL;
}

struct kafka_partition *kafka_group_find(struct kafka_group *group,
					 const rd_kafka_message_t *message)
{
	size_t at = 0;

	if (group->found != NULL && group->found_topic == message->rkt &&
	    group->found->number == message->partition)
		return group->found;
	if (message->rkt == NULL)
		return NULL;
	at = place_of(group, rd_kafka_topic_name(message->rkt), message->partition);
	if (at == SIZE_MAX || group->items[at]->revoking)
		return NULL;
	group->found = group->items[at];
	group->found_topic = message->rkt;
	return group->found;
}

/* The same partitions, from where they are to go on: the assignment is taken back and
 * made again, and librdkafka throws away what it had fetched.
 *
 * Its main thread stops a partition some time after it was taken back, and then undoes
 * the forwarding; a message that came before it is forwarded again would stay where
 * nobody looks. That thread works in order, so when it answered a question the stop is
 * behind it, and nothing is fetched before the new assignment. */
static void restart(struct kafka_group *group, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *now = NULL;

	report(group, "incremental_unassign",
	       rd_kafka_incremental_unassign(group->handle, list));
	if (rd_kafka_assignment(group->handle, &now) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_topic_partition_list_destroy(now);
	for (int i = 0; i < list->cnt; i++)
		forward(group, &list->elems[i]);
	report(group, "incremental_assign",
	       rd_kafka_incremental_assign(group->handle, list));
}

void kafka_group_rewind(struct kafka_group *group,
			const struct stored_positions *positions)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	/* what would be waited for is gone */
	group->settle_us = 0;
	if (group->revoked != NULL)
		finish_revoking(group);
	if (group->gained != NULL) {
		struct stored_positions copy = stored_positions_copy(positions);

		kafka_group_answer(group, &copy);
	}
	list = rd_kafka_topic_partition_list_new((int)group->count);
	for (size_t i = 0; i < group->count; i++) {
		struct kafka_partition *partition = group->items[i];
		const struct stored_position *stored =
			stored_positions_find(positions, partition->stream_name);

		kafka_partition_begin(partition, stored == NULL
							 ? partition->first
							 : stored->position.offset);
		rd_kafka_topic_partition_list_add(list, partition->topic,
						  partition->number)
			->offset = partition->next;
	}
	if (list->cnt > 0)
		restart(group, list);
	rd_kafka_topic_partition_list_destroy(list);
}

void kafka_group_skip_expired(struct kafka_group *group,
			      struct kafka_partition *partition)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *which = rd_kafka_topic_partition_list_add(
		list, partition->topic, partition->number);
	struct kafka_bounds bounds = { 0 };
	struct error error;

	if (kafka_bounds_query(group->handle, list, &bounds, &error) < 0) {
		log_warn("kafka", "%s source=%s", error.text, source_name(group));
	} else if (bounds.low->elems[0].offset >= 0) {
		check_bounds(group, partition, bounds.low->elems[0].offset,
			     bounds.high->elems[0].offset);
	}
	kafka_bounds_deinit(&bounds);
	which->offset = partition->next;
	restart(group, list);
	rd_kafka_topic_partition_list_destroy(list);
}

void kafka_group_committed(struct kafka_group *group, const struct table *offsets)
{
	for (size_t i = 0; i < group->count; i++) {
		const uint64_t *offset = table_get(offsets, group->items[i]->stream);

		if (offset != NULL)
			group->items[i]->committed = (int64_t)*offset;
	}
}

static uint64_t lag_of(const struct kafka_group *group,
		       const struct kafka_partition *partition)
{
	int64_t low = 0;
	int64_t high = 0;

	/* as the last fetch had it, without asking */
	if (rd_kafka_get_watermark_offsets(group->handle, partition->topic,
					   partition->number, &low,
					   &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    high <= partition->committed)
		return 0;
	return (uint64_t)(high - partition->committed);
}

uint64_t kafka_group_tell(struct kafka_group *group)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)group->count);
	uint64_t lag = 0;

	for (size_t i = 0; i < group->count; i++) {
		struct kafka_partition *partition = group->items[i];

		lag += lag_of(group, partition);
		if (partition->committed == partition->told)
			continue;
		partition->told = partition->committed;
		rd_kafka_topic_partition_list_add(list, partition->topic,
						  partition->number)
			->offset = partition->committed;
	}
	/* nobody waits: these offsets are for tools that show the lag */
	if (list->cnt > 0)
		(void)rd_kafka_commit(group->handle, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
	return lag;
}
