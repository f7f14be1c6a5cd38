/* kafka_partition.c - messages to items of chunks */
#include "sources/kafka_partition.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pipeline/extra.h"

#define CHUNK_BYTES_FIRST ((size_t)16 * 1024)
/* key, or value of a header, or a header's name */
#define TEXT_BYTES_MAX 4096

struct kafka_partition *kafka_partition_new(const struct kafka_intake *intake,
					    const char *topic, int32_t number)
{
	struct kafka_partition *partition = mem_calloc(1, sizeof(*partition));
	struct buf name = { 0 };

	buf_printf(&name, "%s/%s/%" PRId32, intake->cluster_id, topic, number);
	partition->topic = mem_strdup(topic);
	partition->number = number;
	partition->stream_name = buf_take(&name);
	partition->project = intake->route == NULL
				     ? KAFKA_PROJECT_OWN
				     : kafka_route_topic(intake->route, topic);
	return partition;
}

void kafka_partition_free(struct kafka_partition **partition)
{
	if (*partition == NULL)
		return;
	chunk_free(&(*partition)->chunk);
	mem_free((*partition)->topic);
	mem_free((*partition)->stream_name);
	mem_free(*partition);
	*partition = NULL;
}

void kafka_partition_begin(struct kafka_partition *partition, int64_t offset)
{
	chunk_free(&partition->chunk);
	partition->stream = stream_next_id();
	partition->opened = false;
	partition->begin = offset;
	partition->next = offset;
	partition->given = offset;
	partition->committed = offset;
	partition->told = -1;
}

static struct chunk *chunk_of(struct kafka_partition *partition)
{
	struct chunk *chunk = partition->chunk;

	if (chunk != NULL)
		return chunk;
	chunk = chunk_new(partition->stream, CHUNK_BYTES_FIRST);
	partition->data_capacity = CHUNK_BYTES_FIRST;
	partition->chunk = chunk;
	return chunk;
}

static void append(struct kafka_partition *partition, struct slice bytes)
{
	struct chunk *chunk = partition->chunk;

	if (bytes.len == 0)
		return;
	if (chunk->data_len + bytes.len > partition->data_capacity)
		mem_grow(&chunk->data, &partition->data_capacity,
			 chunk->data_len + bytes.len, 1);
	memcpy(chunk->data + chunk->data_len, bytes.ptr, bytes.len);
	chunk->data_len += bytes.len;
}

static struct chunk_item *add_item(struct kafka_partition *partition,
				   const struct kafka_intake *intake, int64_t end)
{
	struct chunk *chunk = chunk_of(partition);
	struct chunk_item *item = chunk_add_item(chunk);

	item->offset = chunk->data_len;
	item->begin.offset = partition->next;
	item->end.offset = end;
	item->project_id = intake->config->project_id;
	item->ingestion_id = intake->config->ingestion_id;
	item->observed_timestamp_us = intake->now_us;
	partition->next = end;
	return item;
}

static struct slice cut(const void *bytes, size_t len)
{
	return slice_head(slice_of(bytes, len), TEXT_BYTES_MAX);
}

static void append_headers(struct buf *extra, const rd_kafka_headers_t *headers)
{
	size_t left_out = 0;
	const char *name = NULL;
	const void *value = NULL;
	size_t len = 0;
	char count[24];

	for (size_t i = 0;
	     rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++) {
		struct slice text = cut(value, value == NULL ? 0 : len);
		struct slice key = cut(name, strlen(name));

		if (i >= KAFKA_HEADERS_MAX ||
		    extra->len + key.len + text.len > KAFKA_EXTRA_BYTES)
			left_out++;
		else
			extra_append(extra, "kafka.header.", key, text);
	}
	if (left_out == 0)
		return;
	(void)snprintf(count, sizeof(count), "%zu", left_out); /* fits */
	extra_append(extra, "kafka.headers_left_out", (struct slice){ 0 },
		     slice_str(count));
}

static void collect_extra(struct kafka_intake *intake,
			  const struct kafka_partition *partition,
			  const rd_kafka_message_t *message)
{
	struct buf *extra = &intake->extra;
	rd_kafka_headers_t *headers = NULL;

	buf_clear(extra);
	if (intake->names_topic)
		extra_append(extra, "kafka.topic", (struct slice){ 0 },
			     slice_str(partition->topic));
	if (message->key != NULL)
		extra_append(extra, "kafka.key", (struct slice){ 0 },
			     cut(message->key, message->key_len));
	if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
		append_headers(extra, headers);
}

/* the project's part of the stream is its substream */
static void set_origin(struct chunk_item *item, const struct kafka_intake *intake,
		       int project)
{
	struct kafka_origin origin = { 0 };

	if (project < 0)
		return;
	origin = kafka_route_origin(intake->route, project);
	item->project_id = origin.project_id;
	item->ingestion_id = origin.ingestion_id;
	item->substream = (uint64_t)project + 1;
}

static void add_record(struct kafka_partition *partition, struct kafka_intake *intake,
		       const rd_kafka_message_t *message, int project)
{
	struct chunk_item *item = add_item(partition, intake, message->offset + 1);
	rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
	int64_t time_ms = rd_kafka_message_timestamp(message, &type);

	set_origin(item, intake, project);
	collect_extra(intake, partition, message);
	item->begin.offset = message->offset;
	item->len = message->len;
	item->extra_len = intake->extra.len;
	item->flags = CHUNK_ITEM_WHOLE_RECORD;
	if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time_ms >= 0 &&
	    time_ms <= INT64_MAX / 1000) {
		item->flags |= CHUNK_ITEM_TIMESTAMP;
		item->timestamp_us = time_ms * 1000;
	}
	append(partition, slice_of(message->payload, message->len));
	append(partition, buf_slice(&intake->extra));
}

/* names that nobody listed may be anything: they are not logged */
static void log_unknown(const struct kafka_partition *partition,
			const struct kafka_intake *intake, int64_t offset)
{
	log_warn("kafka",
		 "message of a project that is not listed, %s source=%s topic=%s "
		 "partition=%" PRId32 " offset=%" PRId64,
		 intake->config->keep_unknown ? "kept" : "dropped",
		 intake->config->name, partition->topic, partition->number, offset);
}

static void add_value(struct kafka_partition *partition, struct kafka_intake *intake,
		      const rd_kafka_message_t *message)
{
	int project = intake->route == NULL
			      ? KAFKA_PROJECT_OWN
			      : kafka_route_message(intake->route, message,
						    partition->project);

	if (project == KAFKA_PROJECT_UNKNOWN)
		log_unknown(partition, intake, message->offset);
	if (project == KAFKA_PROJECT_UNKNOWN && !intake->config->keep_unknown)
		kafka_partition_drop(partition, intake, message->offset,
				     DROP_UNKNOWN_PROJECT, message->len);
	else
		add_record(partition, intake, message, project);
}

void kafka_partition_add(struct kafka_partition *partition, struct kafka_intake *intake,
			 const rd_kafka_message_t *message)
{
	struct source_stats *stats = &intake->source->stats;

	atomic_fetch_add_explicit(&stats->received_frames, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&stats->received_bytes, message->len,
				  memory_order_relaxed);
	if (message->payload == NULL) {
		kafka_partition_drop(partition, intake, message->offset, DROP_TOMBSTONE,
				     0);
	} else if (message->len > intake->config->message_bytes_max) {
		log_warn("kafka",
			 "message too large, dropped source=%s topic=%s "
			 "partition=%" PRId32 " offset=%" PRId64 " bytes=%zu",
			 intake->config->name, partition->topic, partition->number,
			 message->offset, message->len);
		kafka_partition_drop(partition, intake, message->offset, DROP_TOO_LARGE,
				     message->len);
	} else {
		add_value(partition, intake, message);
	}
}

void kafka_partition_drop(struct kafka_partition *partition,
			  const struct kafka_intake *intake, int64_t offset,
			  enum drop_reason reason, uint64_t bytes)
{
	struct chunk_item *item = add_item(partition, intake, offset + 1);

	item->flags = CHUNK_ITEM_DROPPED;
	item->reason = reason;
	item->dropped = 1;
	item->skipped = bytes;
	atomic_fetch_add(&intake->source->stats.dropped_frames, 1);
}

void kafka_partition_jump(struct kafka_partition *partition,
			  const struct kafka_intake *intake, int64_t offset,
			  uint64_t records)
{
	struct chunk_item *item = add_item(partition, intake, offset);

	item->flags = CHUNK_ITEM_DROPPED;
	item->reason = DROP_EXPIRED;
	item->dropped = records;
	atomic_fetch_add(&intake->source->stats.dropped_frames, records);
}

bool kafka_partition_put(struct kafka_partition *partition,
			 const struct kafka_intake *intake)
{
	const struct source_sink *sink = &intake->source->sink;
	struct chunk *chunk = partition->chunk;

	if (chunk == NULL)
		return true;
	if (!partition->opened && chunk->open == NULL) {
		chunk->open = stream_info_new("", intake->config->name,
					      partition->stream_name, "{}");
		chunk->open->begin.offset = partition->begin;
	}
	if (!sink->try_put(sink->context, chunk))
		return false;
	partition->opened = true;
	partition->chunk = NULL;
	partition->given = partition->next;
	return true;
}

void kafka_partition_end(struct kafka_partition *partition)
{
	struct chunk *chunk = NULL;

	if (!partition->opened && partition->chunk == NULL)
		return;
	chunk = chunk_of(partition);
	chunk->last = true;
	chunk->seal = true;
}

bool kafka_partition_settled(const struct kafka_partition *partition)
{
	return partition->chunk == NULL && partition->committed == partition->next;
}
