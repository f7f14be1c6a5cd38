/* test_spool.c - append, replay, restart inside a frame, full, deletion, groups */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "sources/spool.h"
#include "sources/spool_format.h"
#include "tests/unit/spool_fixture.h"

static void test_append_and_read(void **state)
{
	struct spool_fixture *fixture = *state;
	struct spool_entry entries[3] = { spool_fixture_entry("one"),
					  spool_fixture_entry("two"),
					  spool_fixture_entry("") };
	const struct chunk_item *item = NULL;

	entries[1].whole_record = false;
	entries[2].end = true;
	spool_fixture_open(fixture, true);
	assert_true(spool_append(fixture->spool, entries, 3, spool_fixture_on_done,
				 fixture));
	spool_fixture_wait(fixture, 1);
	assert_true(spool_lanes_have(&fixture->lanes, 3));
	assert_string_equal(fixture->lanes.items[0].bytes, "one");
	assert_string_equal(fixture->lanes.items[1].bytes, "two");
	assert_string_equal(fixture->lanes.name, "partition-0");
	item = &fixture->lanes.items[0].item;
	assert_int_equal(item->flags, CHUNK_ITEM_FRAMED | CHUNK_ITEM_WHOLE_RECORD);
	assert_int_equal(item->project_id, 3);
	assert_int_equal(item->ingestion_id, 4);
	assert_int_equal(item->substream, 5);
	assert_int_equal(item->observed_timestamp_us, 6);
	assert_int_equal(item->begin.offset, 0);
	assert_int_equal(item->end.offset, SPOOL_HEADER_BYTES + 3);
	assert_int_equal(fixture->lanes.items[1].item.flags, CHUNK_ITEM_FRAMED);
	assert_int_equal(fixture->lanes.items[2].item.flags,
			 CHUNK_ITEM_FRAMED | CHUNK_ITEM_WHOLE_RECORD | CHUNK_ITEM_END);
}

/* a body larger than a frame: several frames, nothing between them, one end */
static void test_large_body(void **state)
{
	struct spool_fixture *fixture = *state;
	size_t len = 5 << 20;
	char *body = mem_alloc(len);
	struct spool_entry entry = spool_fixture_entry("");
	struct spool_entry behind = spool_fixture_entry("behind");
	size_t total = 0;
	size_t ends = 0;

	for (size_t i = 0; i < len; i++)
		body[i] = (char)('a' + i % 23);
	entry.bytes = slice_of(body, len);
	entry.whole_record = false;
	entry.end = true;
	spool_fixture_open(fixture, true);
	assert_true(spool_append(fixture->spool, &entry, 1, spool_fixture_on_done,
				 fixture));
	assert_true(spool_append(fixture->spool, &behind, 1, spool_fixture_on_done,
				 fixture));
	spool_fixture_wait(fixture, 2);
	assert_true(spool_lanes_have(&fixture->lanes, 21));
	for (size_t i = 0; i < 20; i++) {
		const struct spool_seen_item *seen = &fixture->lanes.items[i];

		assert_memory_equal(seen->bytes, body + total, seen->item.len);
		total += seen->item.len;
		ends += (seen->item.flags & CHUNK_ITEM_END) != 0;
	}
	assert_int_equal(total, len);
	assert_int_equal(ends, 1);
	assert_string_equal(fixture->lanes.items[20].bytes, "behind");
	mem_free(body);
}

static void test_replay_after_restart(void **state)
{
	struct spool_fixture *fixture = *state;

	spool_fixture_open(fixture, true);
	spool_fixture_append(fixture, "one");
	spool_fixture_append(fixture, "two");
	spool_fixture_append(fixture, "three");
	assert_true(spool_lanes_have(&fixture->lanes, 3));
	spool_fixture_store(fixture, fixture->lanes.items[1].item.begin);
	spool_close(&fixture->spool);
	spool_lanes_clear(&fixture->lanes);
	spool_fixture_open(fixture, true);
	assert_true(spool_lanes_have(&fixture->lanes, 2));
	assert_string_equal(fixture->lanes.items[0].bytes, "two");
	spool_fixture_append(fixture, "four");
	assert_true(spool_lanes_have(&fixture->lanes, 3));
	assert_string_equal(fixture->lanes.items[2].bytes, "four");
	assert_int_equal(fixture->lanes.begin.offset, fixture->stored.position.offset);
}

static void test_restart_inside_a_frame(void **state)
{
	struct spool_fixture *fixture = *state;

	spool_fixture_open(fixture, false);
	spool_fixture_append(fixture, "line 1\nline 2\n");
	spool_fixture_append(fixture, "line 3\n");
	spool_close(&fixture->spool);
	spool_fixture_store(fixture, (struct position){ 0, 7 });
	spool_fixture_open(fixture, true);
	assert_true(spool_lanes_have(&fixture->lanes, 2));
	assert_string_equal(fixture->lanes.items[0].bytes, "line 2\n");
	assert_int_equal(fixture->lanes.items[0].item.begin.inner, 7);
	assert_int_equal(fixture->lanes.begin.inner, 7);
	assert_string_equal(fixture->lanes.items[1].bytes, "line 3\n");
}

/* records of one origin share frames; reading goes on at any of them */
static void test_shared_frames(void **state)
{
	struct spool_fixture *fixture = *state;
	char text[20001] = "";
	const char *const texts[] = { "one", "two", "", text, "three", "four", "five" };
	struct spool_entry entries[ARRAY_LEN(texts)];
	struct position places[ARRAY_LEN(texts)];
	/* each record has 4 bytes of length in front */
	const int64_t first = (int64_t)SPOOL_HEADER_BYTES + 18;
	const int64_t second = first + (int64_t)SPOOL_HEADER_BYTES + 20000;
	const int64_t third = second + (int64_t)SPOOL_HEADER_BYTES + 17;

	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		entries[i] = spool_fixture_entry(texts[i]);
	entries[6].project_id++;
	spool_fixture_open(fixture, true);
	assert_true(spool_append(fixture->spool, entries, ARRAY_LEN(texts),
				 spool_fixture_on_done, fixture));
	spool_fixture_wait(fixture, 1);
	assert_true(spool_lanes_have(&fixture->lanes, ARRAY_LEN(texts)));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct spool_seen_item *seen = &fixture->lanes.items[i];

		assert_string_equal(seen->bytes, texts[i]);
		assert_int_equal(seen->item.flags,
				 CHUNK_ITEM_FRAMED | CHUNK_ITEM_WHOLE_RECORD);
		assert_int_equal(seen->item.project_id, entries[i].project_id);
		assert_int_equal(seen->item.substream, 5);
		assert_int_equal(seen->item.observed_timestamp_us, 6);
		places[i] = seen->item.begin;
		if (i > 0)
			assert_int_equal(
				position_compare(fixture->lanes.items[i - 1].item.end,
						 places[i]),
				0);
	}
	assert_int_equal(places[2].offset, 0);
	assert_int_equal(places[2].inner, 2 * 4 + 6);
	assert_int_equal(places[3].offset, first);
	assert_int_equal(places[4].offset, second);
	assert_int_equal(places[5].inner, 4 + 5);
	assert_int_equal(places[6].offset, third);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		spool_close(&fixture->spool);
		spool_lanes_clear(&fixture->lanes);
		spool_fixture_store(fixture, places[i]);
		spool_fixture_open(fixture, true);
		assert_true(spool_lanes_have(&fixture->lanes, ARRAY_LEN(texts) - i));
		assert_string_equal(fixture->lanes.items[0].bytes, texts[i]);
		assert_int_equal(fixture->lanes.skipped, 0);
	}
}

static void test_rewind(void **state)
{
	struct spool_fixture *fixture = *state;
	struct stored_positions positions = { &fixture->stored, 1 };
	struct source *source = NULL;

	spool_fixture_open(fixture, true);
	source = spool_source(fixture->spool);
	spool_fixture_append(fixture, "one");
	spool_fixture_append(fixture, "two");
	assert_true(spool_lanes_have(&fixture->lanes, 2));
	spool_fixture_store(fixture, fixture->lanes.items[1].item.begin);
	spool_lanes_clear(&fixture->lanes);
	source->ops->rewind(source, &positions);
	assert_true(spool_lanes_have(&fixture->lanes, 1));
	assert_string_equal(fixture->lanes.items[0].bytes, "two");
	spool_lanes_clear(&fixture->lanes);
	positions.count = 0;
	source->ops->rewind(source, &positions);
	assert_true(spool_lanes_have(&fixture->lanes, 2));
}

static size_t count_segments(const struct spool_fixture *fixture)
{
	char path[128];
	DIR *dir = NULL;
	size_t count = 0;

	spool_fixture_file(fixture, "", path);
	dir = opendir(path);
	assert_non_null(dir);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		count += strstr(e->d_name, ".seg") != NULL;
	(void)closedir(dir);
	return count;
}

static bool segments_are(const struct spool_fixture *fixture, size_t count)
{
	for (int ms = 0; ms < SPOOL_WAIT_MS; ms += 2) {
		if (count_segments(fixture) == count)
			return true;
		(void)usleep(2000);
	}
	return false;
}

static void test_deletion(void **state)
{
	struct spool_fixture *fixture = *state;
	struct source *source = NULL;
	uint64_t stream = 0;

	fixture->config.segment_bytes = 64;
	spool_fixture_open(fixture, true);
	source = spool_source(fixture->spool);
	for (int i = 0; i < 10; i++)
		spool_fixture_append(fixture, "a frame that fills a segment");
	assert_true(spool_lanes_have(&fixture->lanes, 10));
	assert_int_equal(count_segments(fixture), 10);
	stream = fixture->lanes.stream;
	/* inside the fifth frame: four are committed */
	source->ops->committed(
		source, stream,
		(struct position){ fixture->lanes.items[4].item.begin.offset, 3 });
	assert_true(segments_are(fixture, 6));
	/* of another stream, which is none of ours */
	source->ops->committed(source, stream + 1000, fixture->lanes.items[9].item.end);
	source->ops->committed(source, stream, fixture->lanes.items[9].item.end);
	assert_true(segments_are(fixture, 0));
	spool_fixture_store(fixture, fixture->lanes.items[9].item.end);
	spool_close(&fixture->spool);
	spool_lanes_clear(&fixture->lanes);
	/* positions go on where they were, though no file is left */
	spool_fixture_open(fixture, true);
	spool_fixture_append(fixture, "next");
	assert_true(spool_lanes_have(&fixture->lanes, 1));
	assert_int_equal(fixture->lanes.items[0].item.begin.offset,
			 fixture->stored.position.offset);
	assert_int_equal(fixture->lanes.skipped, 0);
}

static void on_room(void *context, const struct error *error)
{
	struct spool_fixture *fixture = context;

	assert_null(error);
	fixture->rooms++;
}

static void test_full(void **state)
{
	struct spool_fixture *fixture = *state;
	struct source *source = NULL;
	struct spool_entry entry = spool_fixture_entry("a frame of some size");

	fixture->config.segment_bytes = 1 << 20;
	fixture->config.bytes_max = 300;
	spool_fixture_open(fixture, true);
	source = spool_source(fixture->spool);
	for (int i = 0; i < 3; i++)
		spool_fixture_append(fixture, "a frame of some size");
	assert_false(spool_append(fixture->spool, &entry, 1, spool_fixture_on_done,
				  fixture));
	spool_wait_room(fixture->spool, on_room, fixture);
	assert_true(spool_lanes_have(&fixture->lanes, 3));
	assert_int_equal(fixture->rooms, 0);
	source->ops->committed(source, fixture->lanes.stream,
			       fixture->lanes.items[2].item.end);
	assert_true(segments_are(fixture, 0));
	for (int ms = 0; ms < SPOOL_WAIT_MS && fixture->rooms == 0; ms++) {
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		(void)usleep(1000);
	}
	assert_int_equal(fixture->rooms, 1);
	spool_fixture_append(fixture, "a frame of some size");
	assert_true(spool_lanes_have(&fixture->lanes, 4));
}

static void test_second_process(void **state)
{
	struct spool_fixture *fixture = *state;
	struct spool *second = NULL;
	struct error error;

	spool_fixture_open(fixture, false);
	assert_int_equal(spool_open(fixture->base, &fixture->config, &second, &error),
			 -1);
	assert_non_null(strstr(error.text, "in use by another process"));
}

/* many appends at once share syncs, keep their order, and all come back */
static void test_group(void **state)
{
	struct spool_fixture *fixture = *state;
	char text[32];

	fixture->config.sync_delay_us = 500;
	spool_fixture_open(fixture, true);
	for (int i = 0; i < 2000; i++) {
		struct spool_entry entry = { 0 };

		(void)snprintf(text, sizeof(text), "record %d", i);
		entry = spool_fixture_entry(text);
		assert_true(spool_append(fixture->spool, &entry, 1,
					 spool_fixture_on_done, fixture));
	}
	spool_fixture_wait(fixture, 2000);
	assert_true(spool_lanes_have(&fixture->lanes, 2000));
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), "record %d", i);
		assert_string_equal(fixture->lanes.items[i].bytes, text);
	}
}

/* what was lost on the way is a frame without a record, and keeps its reason */
static void test_losses(void **state)
{
	static const struct {
		const char *reason;
		uint64_t records;
		uint64_t bytes;
		enum drop_reason wanted;
	} losses[] = {
		{ "kernel", 17, 0, DROP_KERNEL },
		{ "too_large", 0, UINT64_C(1) << 40, DROP_TOO_LARGE },
		{ "duplicate", 1, 2, DROP_DUPLICATE },
		{ "what a later siftd says", 3, 4, DROP_UNREADABLE },
	};
	struct spool_fixture *fixture = *state;
	char payload[SPOOL_LOSS_MAX];

	spool_fixture_open(fixture, true);
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		const struct spool_loss loss = { losses[i].records, losses[i].bytes,
						 slice_str(losses[i].reason) };
		struct spool_entry entry = spool_fixture_entry("");

		entry.bytes = slice_of(payload, spool_loss_write(payload, &loss));
		entry.loss = true;
		assert_true(spool_append(fixture->spool, &entry, 1,
					 spool_fixture_on_done, fixture));
	}
	spool_fixture_wait(fixture, ARRAY_LEN(losses));
	assert_true(spool_lanes_have(&fixture->lanes, ARRAY_LEN(losses)));
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		const struct chunk_item *item = &fixture->lanes.items[i].item;

		assert_true((item->flags & CHUNK_ITEM_DROPPED) != 0);
		assert_int_equal(item->reason, losses[i].wanted);
		assert_int_equal(item->dropped, losses[i].records);
		assert_int_equal(item->skipped, losses[i].bytes);
		assert_int_equal(item->ingestion_id,
				 fixture->lanes.items[0].item.ingestion_id);
	}
}

static void test_frame_codec(void **state)
{
	char bytes[SPOOL_HEADER_BYTES + 4];
	struct spool_frame frame = { .project_id = -1,
				     .ingestion_id = INT64_MAX,
				     .substream = UINT64_MAX,
				     .observed_timestamp_us = INT64_MIN,
				     .flags = SPOOL_FRAME_END,
				     .payload = SLICE("abcd") };
	struct spool_frame out = { 0 };

	(void)state;
	spool_frame_write(bytes, &frame);
	assert_int_equal(spool_frame_seal(bytes, 1234), sizeof(bytes));
	for (size_t len = 0; len < sizeof(bytes); len++)
		assert_int_equal(spool_frame_read(slice_of(bytes, len), 1234, &out),
				 SPOOL_PARTIAL);
	assert_int_equal(spool_frame_read(slice_of(bytes, sizeof(bytes)), 1234, &out),
			 sizeof(bytes));
	assert_true(slice_equal(out.payload, frame.payload));
	assert_int_equal(out.project_id, frame.project_id);
	assert_int_equal(out.ingestion_id, frame.ingestion_id);
	assert_int_equal(out.observed_timestamp_us, frame.observed_timestamp_us);
	assert_int_equal(spool_frame_read(slice_of(bytes, sizeof(bytes)), 1235, &out),
			 SPOOL_CORRUPT);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_codec),
		cmocka_unit_test_setup_teardown(test_append_and_read,
						spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_large_body, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_replay_after_restart,
						spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_shared_frames, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_restart_inside_a_frame,
						spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rewind, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_deletion, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_full, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_second_process,
						spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_losses, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_group, spool_fixture_setup,
						spool_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
