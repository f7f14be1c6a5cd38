/* test_pipeline.c - a lane against random chunk borders, seals and restarts: every
 * record once */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "pipeline/pipeline.h"

/* 61 records; traces make some of them several lines long */
#define RECORDS 61
#define FRAME_BYTES 97

static uint64_t random_state = 1;

static uint64_t next_random(uint64_t below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (random_state >> 33) % below;
}

static struct learner *learner_of(void *context, int64_t project_id)
{
	(void)project_id;
	return context;
}

static void make_log(struct buf *log)
{
	for (int i = 0; i < RECORDS; i++) {
		buf_printf(
			log,
			"2026-03-01T10:%02d:%02d.000Z %s worker-%d finished job %d\n",
			i / 60, i % 60, i % 7 == 0 ? "ERROR" : "INFO", i % 3, i * 37);
		if (i % 5 == 0)
			buf_append_str(log,
				       "\tat com.example.Job.run(Job.java:10)\n"
				       "\tat com.example.Main.main(Main.java:3)\n");
	}
}

struct feeder {
	struct slice log;
	bool framed; /* items of FRAME_BYTES, as of a spool; else bytes of a file */
	struct position at;
	uint64_t stream;
	bool opened;
};

/* frame n lies at offset n * 1000; its payload is FRAME_BYTES of the log */
static size_t log_offset(const struct feeder *feeder)
{
	if (feeder->framed)
		return (size_t)(feeder->at.offset / 1000) * FRAME_BYTES +
		       (size_t)feeder->at.inner;
	return (size_t)feeder->at.offset;
}

static struct chunk *next_chunk(struct feeder *feeder)
{
	struct chunk *chunk = chunk_new(feeder->stream, 4096);
	struct chunk_item *item = NULL;
	size_t from = log_offset(feeder);
	size_t len = feeder->framed ? FRAME_BYTES - (size_t)feeder->at.inner
				    : 1 + next_random(300);

	if (!feeder->opened) {
		chunk->open = stream_info_new("host", "source", "stream", "{}");
		chunk->open->begin = feeder->at;
		feeder->opened = true;
	}
	if (len > feeder->log.len - from)
		len = feeder->log.len - from;
	memcpy(chunk->data, feeder->log.ptr + from, len);
	chunk->data_len = len;
	item = chunk_add_item(chunk);
	item->len = len;
	item->begin = feeder->at;
	item->project_id = 1;
	item->ingestion_id = 2;
	item->observed_timestamp_us = 1;
	if (feeder->framed) {
		item->flags = CHUNK_ITEM_FRAMED;
		feeder->at.offset = (feeder->at.offset / 1000 + 1) * 1000;
		feeder->at.inner = 0;
	} else {
		feeder->at.offset += (int64_t)len;
	}
	item->end = feeder->at;
	if (from + len == feeder->log.len)
		item->flags |= CHUNK_ITEM_END;
	return chunk;
}

struct stored {
	struct buf raw; /* of all events, each with an LF behind it */
	uint64_t events;
	uint64_t counted;
	uint64_t grouped;
	uint64_t received_bytes;
	uint64_t stored_bytes;
	struct position position;
};

static void store_block(struct stored *stored, const struct block_encoded *encoded)
{
	struct block_reader *reader = NULL;
	struct error error = { 0 };

	assert_int_equal(block_reader_open(buf_slice(&encoded->meta), &reader, &error),
			 0);
	for (uint32_t row = 0; row < block_reader_count(reader); row++) {
		struct block_event event = { 0 };

		assert_int_equal(block_reader_raw(reader, buf_slice(&encoded->body),
						  row, &event, &error),
				 0);
		buf_append_slice(&stored->raw, event.raw);
		buf_append_char(&stored->raw, '\n');
		stored->events++;
	}
	block_reader_free(&reader);
}

static void store_batch(struct stored *stored, struct batch *batch)
{
	for (size_t i = 0; i < batch->streams_count; i++) {
		const struct batch_stream *stream = &batch->streams[i];

		assert_int_equal(position_compare(stream->from, stored->position), 0);
		stored->position = stream->to;
		for (size_t k = 0; k < stream->sums_count; k++) {
			stored->received_bytes += stream->sums[k].received_bytes;
			stored->stored_bytes += stream->sums[k].stored_bytes;
		}
	}
	for (size_t i = 0; i < batch->blocks_count; i++)
		store_block(stored, &batch->blocks[i].encoded);
	for (size_t i = 0; i < batch->counts_count; i++)
		stored->counted += batch->counts[i].count;
	for (size_t i = 0; i < batch->groups_count; i++) {
		assert_true(batch->groups[i].latest_raw.len > 0);
		stored->grouped += batch->groups[i].count;
	}
	batch_free(&batch);
}

/* blocks that are sealed as late as they may be, by builders that go round */
static struct late_block {
	struct block_builder *builder;
	struct block_encoded *out;
} late[64];
static size_t late_count;
static struct block_builder *spare;

static struct block_builder *seal_later(void *context, struct block_builder *full,
					struct block_encoded *out)
{
	struct block_builder *empty = spare;

	(void)context;
	assert_true(late_count < ARRAY_LEN(late));
	late[late_count++] = (struct late_block){ full, out };
	spare = NULL;
	return empty;
}

static void seal_late_blocks(void)
{
	for (size_t i = 0; i < late_count; i++) {
		block_builder_seal(late[i].builder, late[i].out);
		block_builder_free(&spare);
		spare = late[i].builder;
	}
	late_count = 0;
}

static const struct block_sealing late_sealing = { .seal = seal_later };

static void take_batches(struct pipeline *pipeline, struct stored *stored)
{
	struct batch *batch = NULL;

	while ((batch = pipeline_take_batch(pipeline)) != NULL) {
		seal_late_blocks();
		batch_settle(batch);
		store_batch(stored, batch);
	}
}

/* feeds the whole log with seals at random places; now and then the lane is reset, as
 * after a crash, and the source starts from the stored position */
static void run_once(struct slice log, bool framed, bool sealed_late,
		     struct stored *stored)
{
	const struct pipeline_config config = {
		.front = { .record_bytes_max = 1 << 20, .record_lines_max = 10000 },
		.batch_events_max = 1 + next_random(40),
		.batch_bytes_max = 1 << 20,
		.record_close_us = INT64_MAX,
		.templates_max = 1000,
		.zstd_level = 1,
	};
	const struct learner_config learner_config = { 1000, 10000, 1 << 24 };
	struct learner *learner = learner_new(&learner_config);
	const struct pipeline_deps deps = { .learner_of = learner_of,
					    .context = learner,
					    .sealing = sealed_late ? &late_sealing
								   : NULL };
	struct pipeline *pipeline = pipeline_new(0, &config, &deps);
	struct feeder feeder = { .log = log, .framed = framed, .stream = 1 };

	while (log_offset(&feeder) < log.len) {
		pipeline_feed(pipeline, next_chunk(&feeder), 0);
		if (next_random(4) == 0)
			pipeline_seal(pipeline);
		take_batches(pipeline, stored);
		if (next_random(9) == 0) {
			seal_late_blocks();
			pipeline_reset(pipeline);
			feeder.at = stored->position;
			feeder.stream++;
			feeder.opened = false;
		}
	}
	pipeline_seal(pipeline);
	take_batches(pipeline, stored);
	pipeline_free(&pipeline);
	learner_free(&learner);
}

static void check_exactly_once(bool framed)
{
	struct buf log = { 0 };

	make_log(&log);
	for (int round = 0; round < 60; round++) {
		struct stored stored = { 0 };

		run_once(buf_slice(&log), framed, round % 2 == 1, &stored);
		assert_int_equal(stored.events, RECORDS);
		assert_int_equal(stored.counted, RECORDS);
		assert_int_equal(stored.grouped, RECORDS);
		assert_int_equal(stored.received_bytes, log.len);
		assert_int_equal(stored.stored_bytes, log.len);
		assert_int_equal(stored.raw.len, log.len);
		assert_memory_equal(stored.raw.data, log.data, log.len);
		buf_deinit(&stored.raw);
	}
	buf_deinit(&log);
	block_builder_free(&spare);
}

static void test_file_exactly_once(void **state)
{
	(void)state;
	check_exactly_once(false);
}

static void test_frames_exactly_once(void **state)
{
	(void)state;
	check_exactly_once(true);
}

static void test_unknown_stream_is_counted(void **state)
{
	const struct pipeline_config config = { .batch_events_max = 10,
						.batch_bytes_max = 1000 };
	const struct pipeline_deps deps = { .learner_of = learner_of };
	struct pipeline *pipeline = pipeline_new(0, &config, &deps);

	(void)state;
	pipeline_feed(pipeline, chunk_new(77, 1), 0);
	assert_int_equal(pipeline_stats(pipeline)->unknown_stream_chunks, 1);
	assert_null(pipeline_take_batch(pipeline));
	pipeline_free(&pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_exactly_once),
		cmocka_unit_test(test_frames_exactly_once),
		cmocka_unit_test(test_unknown_stream_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
