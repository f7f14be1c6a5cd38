/* test_kafka.c - a Kafka source against librdkafka's mock cluster: positions,
 * back-pressure, rewinds. Its rebalances take as long as a session: tests/scenario has
 * those of a real broker */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "pipeline/extra.h"
#include "sources/kafka.h"

#define WAIT_US (INT64_C(20) * 1000000)
#define STREAMS_MAX 16
#define PROJECT 7
#define INGESTION 9

/* one stream as the lane sees it */
struct seen {
	uint64_t stream;
	char name[128];
	int64_t begin;
	int64_t end;
	uint64_t records;
	uint64_t dropped[DROP_REASONS];
	bool last;
};

/* plays the lanes and the database of one source */
struct lanes {
	pthread_mutex_t mutex;
	struct source *source;
	struct seen seen[STREAMS_MAX];
	size_t count;
	uint64_t refuse; /* so many chunks yet */
	uint64_t refused;
	bool committing; /* tells of commits at once */
	bool broken;
	struct buf first; /* extra of the first record, as key=value; */
	struct stored_positions stored;
};

static rd_kafka_t *mock;
static const char *bootstrap;

static struct seen *seen_of(struct lanes *lanes, const struct chunk *chunk)
{
	struct seen *seen = NULL;

	for (size_t i = 0; i < lanes->count; i++) {
		if (lanes->seen[i].stream == chunk->stream)
			return &lanes->seen[i];
	}
	if (chunk->open == NULL || lanes->count == STREAMS_MAX) {
		lanes->broken = true;
		return &lanes->seen[0];
	}
	seen = &lanes->seen[lanes->count++];
	*seen = (struct seen){ .stream = chunk->stream,
			       .begin = chunk->open->begin.offset,
			       .end = chunk->open->begin.offset };
	(void)snprintf(seen->name, sizeof(seen->name), "%s", chunk->open->stream);
	return seen;
}

static void note_extra(struct lanes *lanes, struct slice pairs)
{
	struct attribute attribute;

	if (lanes->first.len > 0)
		return;
	while (extra_take(&pairs, &attribute))
		buf_printf(&lanes->first, "%.*s=%.*s;", (int)attribute.key.len,
			   attribute.key.ptr, (int)attribute.value.len,
			   attribute.value.ptr);
	buf_append_char(&lanes->first, '\0');
}

static void note_item(struct lanes *lanes, struct seen *seen, const struct chunk *chunk,
		      const struct chunk_item *item)
{
	if ((item->flags & CHUNK_ITEM_DROPPED) != 0) {
		seen->dropped[item->reason] += item->dropped;
	} else {
		seen->records++;
		note_extra(lanes, slice_of(chunk->data + item->offset + item->len,
					   item->extra_len));
		if (item->begin.offset < seen->end ||
		    (item->flags & CHUNK_ITEM_WHOLE_RECORD) == 0)
			lanes->broken = true;
	}
	if (item->project_id != PROJECT || item->ingestion_id != INGESTION)
		lanes->broken = true;
	seen->end = item->end.offset;
}

static bool try_put(void *context, struct chunk *chunk)
{
	struct lanes *lanes = context;
	struct seen *seen = NULL;
	uint64_t stream = chunk->stream;
	struct position end = { 0 };
	bool committing = false;

	pthread_mutex_lock(&lanes->mutex);
	if (lanes->refuse > 0) {
		lanes->refuse--;
		lanes->refused++;
		pthread_mutex_unlock(&lanes->mutex);
		return false;
	}
	seen = seen_of(lanes, chunk);
	for (size_t i = 0; i < chunk->items_count; i++)
		note_item(lanes, seen, chunk, &chunk->items[i]);
	seen->last = chunk->last;
	end.offset = seen->end;
	committing = lanes->committing;
	pthread_mutex_unlock(&lanes->mutex);
	chunk_free(&chunk);
	if (committing)
		lanes->source->ops->committed(lanes->source, stream, end);
	return true;
}

static void ask(void *context, struct source *source)
{
	struct lanes *lanes = context;
	struct stored_positions copy;

	pthread_mutex_lock(&lanes->mutex);
	copy = stored_positions_copy(&lanes->stored);
	pthread_mutex_unlock(&lanes->mutex);
	source->ops->positions(source, &copy);
	stored_positions_deinit(&copy);
}

static uint64_t count_records(struct lanes *lanes)
{
	uint64_t records = 0;

	pthread_mutex_lock(&lanes->mutex);
	for (size_t i = 0; i < lanes->count; i++)
		records += lanes->seen[i].records;
	pthread_mutex_unlock(&lanes->mutex);
	return records;
}

static void wait_records(struct lanes *lanes, uint64_t wanted)
{
	int64_t until_us = clock_monotonic_us() + WAIT_US;

	while (count_records(lanes) < wanted) {
		if (clock_monotonic_us() > until_us)
			fail_msg("%lu records, expected %lu",
				 (unsigned long)count_records(lanes),
				 (unsigned long)wanted);
		(void)poll(NULL, 0, 10);
	}
	(void)poll(NULL, 0, 100); /* for what should not come */
	assert_int_equal(count_records(lanes), wanted);
	assert_false(lanes->broken);
}

static void open_source(struct lanes *lanes, const char *topic)
{
	const struct stored_positions none = { 0 };
	const char *const names[] = { "session.timeout.ms", "heartbeat.interval.ms",
				      "fetch.wait.max.ms" };
	const char *const values[] = { "6000", "200", "20" };
	const struct kafka_config config = {
		.name = "k",
		.brokers = &bootstrap,
		.brokers_count = 1,
		.topics = &topic,
		.topics_count = 1,
		.group = topic,
		.message_bytes_max = 1000,
		.project_id = PROJECT,
		.ingestion_id = INGESTION,
		.property_names = names,
		.property_values = values,
		.properties_count = ARRAY_LEN(names),
	};
	struct error error;

	pthread_mutex_init(&lanes->mutex, NULL);
	if (kafka_new(&config, &lanes->source, &error) < 0)
		fail_msg("%s", error.text);
	lanes->source->sink =
		(struct source_sink){ .context = lanes, .try_put = try_put };
	lanes->source->positions =
		(struct source_positions){ .context = lanes, .ask = ask };
	assert_int_equal(lanes->source->ops->start(lanes->source, &none, &error), 0);
}

static void close_source(struct lanes *lanes)
{
	lanes->source->ops->stop(lanes->source);
	lanes->source->ops->free(&lanes->source);
	assert_null(lanes->source);
	stored_positions_deinit(&lanes->stored);
	buf_deinit(&lanes->first);
	pthread_mutex_destroy(&lanes->mutex);
}

static void make_topic(const char *topic, int partitions)
{
	assert_int_equal(rd_kafka_mock_topic_create(rd_kafka_handle_mock_cluster(mock),
						    topic, partitions, 1),
			 0);
}

static void produce(const char *topic, int32_t partition, const char *value, size_t len)
{
	static char key[] = "key";
	char *copy = value == NULL ? NULL : mem_alloc(len + 1);
	/* not the RD_KAFKA_V_ macros: those are no ISO C */
	const rd_kafka_vu_t parts[] = {
		{ .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { key, 3 } },
		{ .vtype = RD_KAFKA_VTYPE_HEADER, .u.header = { "env", "prod", 4 } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { copy, len } },
	};

	if (copy != NULL)
		memcpy(copy, value, len);
	assert_null(rd_kafka_produceva(mock, parts, ARRAY_LEN(parts)));
	mem_free(copy);
}

static void produce_many(const char *topic, int partitions, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char text[64];
		int len = snprintf(text, sizeof(text), "item stored n=%u", i);

		produce(topic, (int32_t)(i % (unsigned)partitions), text, (size_t)len);
	}
	assert_int_equal(rd_kafka_flush(mock, 10000), 0);
}

static void store_position(struct lanes *lanes, const char *stream, int64_t offset)
{
	struct stored_position *item = NULL;

	lanes->stored.items = mem_realloc(lanes->stored.items, lanes->stored.count + 1,
					  sizeof(*lanes->stored.items));
	item = &lanes->stored.items[lanes->stored.count++];
	*item = (struct stored_position){ .stream = mem_strdup(stream),
					  .detail = mem_strdup("{}"),
					  .position.offset = offset };
}

/* joining takes the mock three seconds: all sources join at once, before the tests */
static struct lanes all = { .committing = true };
static struct lanes stored = { .committing = true };
static struct lanes anew = { .committing = true };
static struct lanes room = { .committing = true, .refuse = 200 };
static struct lanes rewound = { .committing = true };

static const struct {
	struct lanes *lanes;
	const char *topic;
	int partitions;
	unsigned messages;
	int64_t stored; /* of partition 0; -1: none */
} openings[] = {
	{ &all, "all", 2, 5000, -1 },         { &stored, "stored", 1, 100, 60 },
	{ &anew, "anew", 1, 10, 500 },        { &room, "room", 2, 3000, -1 },
	{ &rewound, "rewound", 1, 1000, -1 },
};

static void store_own(struct lanes *lanes, const char *topic, int64_t offset)
{
	char *cluster = rd_kafka_clusterid(mock, 5000);
	char name[128];

	assert_non_null(cluster);
	(void)snprintf(name, sizeof(name), "%s/%s/0", cluster, topic);
	rd_kafka_mem_free(mock, cluster);
	store_position(lanes, name, offset);
	/* of another cluster: none of ours */
	(void)snprintf(name, sizeof(name), "another/%s/0", topic);
	store_position(lanes, name, 90);
}

static void open_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
		make_topic(openings[i].topic, openings[i].partitions);
		produce_many(openings[i].topic, openings[i].partitions,
			     openings[i].messages);
		if (openings[i].stored >= 0)
			store_own(openings[i].lanes, openings[i].topic,
				  openings[i].stored);
		open_source(openings[i].lanes, openings[i].topic);
	}
}

static void test_reads_all(void **state)
{
	char large[1200];

	(void)state;
	wait_records(&all, 5000);
	assert_int_equal(all.count, 2);
	assert_string_equal(all.first.data, "kafka.key=key;kafka.header.env=prod;");
	/* what has no value, and what is too large */
	memset(large, 'x', sizeof(large));
	produce("all", 0, NULL, 0);
	produce("all", 0, large, sizeof(large));
	produce_many("all", 2, 2);
	wait_records(&all, 5002);
	assert_int_equal(all.source->stats.received_frames, 5004);
	assert_int_equal(all.source->stats.dropped_frames, 2);
	assert_int_equal(all.source->stats.open_streams, 2);
	assert_int_equal(all.seen[0].dropped[DROP_TOMBSTONE] +
				 all.seen[1].dropped[DROP_TOMBSTONE],
			 1);
	assert_int_equal(all.seen[0].dropped[DROP_TOO_LARGE] +
				 all.seen[1].dropped[DROP_TOO_LARGE],
			 1);
	close_source(&all);
}

static void test_begins_at_stored_positions(void **state)
{
	(void)state;
	wait_records(&stored, 40);
	assert_int_equal(stored.seen[0].begin, 60);
	assert_int_equal(stored.seen[0].end, 100);
	close_source(&stored);
}

static void test_log_made_anew(void **state)
{
	(void)state;
	wait_records(&anew, 10);
	/* the guard compares with what is stored */
	assert_int_equal(anew.seen[0].begin, 500);
	assert_int_equal(anew.seen[0].end, 10);
	assert_int_equal(anew.source->stats.errors, 1);
	close_source(&anew);
}

static void test_waits_for_room(void **state)
{
	(void)state;
	wait_records(&room, 3000);
	assert_int_equal(room.refused, 200);
	close_source(&room);
}

static void test_rewinds(void **state)
{
	(void)state;
	wait_records(&rewound, 1000);
	store_position(&rewound, rewound.seen[0].name, 300);
	rewound.source->ops->rewind(rewound.source, &rewound.stored);
	wait_records(&rewound, 1700);
	assert_int_equal(rewound.count, 2);
	assert_int_equal(rewound.seen[1].begin, 300);
	assert_int_equal(rewound.seen[1].end, 1000);
	close_source(&rewound);
}

static int open_mock(void **state)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char reason[512];

	(void)state;
	if (rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", reason,
			      sizeof(reason)) != RD_KAFKA_CONF_OK ||
	    rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof(reason)) !=
		    RD_KAFKA_CONF_OK)
		return -1;
	mock = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
	if (mock == NULL)
		return -1;
	bootstrap =
		rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(mock));
	open_all();
	return 0;
}

static int close_mock(void **state)
{
	(void)state;
	rd_kafka_destroy(mock);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_all),
		cmocka_unit_test(test_begins_at_stored_positions),
		cmocka_unit_test(test_log_made_anew),
		cmocka_unit_test(test_waits_for_room),
		cmocka_unit_test(test_rewinds),
	};

	return cmocka_run_group_tests(tests, open_mock, close_mock);
}
