/* test_spool.c - append, replay, torn tail, corrupt frame, restart inside a frame,
 * full, deletion */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/spool.h"
#include "sources/spool_format.h"
#include "tests/unit/temp_folder.h"

#define WAIT_MS 5000
#define ITEMS_MAX 4096

struct seen_item {
	struct chunk_item item;
	char *bytes;
};

/* plays the lanes: keeps the items of all partitions, in order of arrival */
struct lanes {
	pthread_mutex_t mutex;
	struct seen_item items[ITEMS_MAX];
	size_t count;
	uint64_t skipped;
	uint64_t stream; /* of the last chunk */
	struct position begin;
	char name[64];
	bool broken; /* positions that do not follow each other */
};

struct fixture {
	char folder[TEMP_FOLDER_MAX];
	struct spool_config config;
	struct event_base *base;
	struct spool *spool;
	struct lanes lanes;
	struct stored_position stored;
	size_t done;
	size_t failed;
	size_t rooms;
};

static void take_item(struct lanes *lanes, const struct chunk *chunk,
		      const struct chunk_item *item)
{
	if (lanes->count == ITEMS_MAX || (item->flags & CHUNK_ITEM_FRAMED) == 0 ||
	    (lanes->count > 0 && (item->flags & CHUNK_ITEM_GAP) == 0 &&
	     position_compare(lanes->items[lanes->count - 1].item.end, item->begin) !=
		     0)) {
		lanes->broken = true;
		return;
	}
	lanes->skipped += item->skipped;
	lanes->items[lanes->count++] = (struct seen_item){
		*item, mem_slice_dup(slice_of(chunk->data + item->offset, item->len))
	};
}

static bool lanes_put(void *context, struct chunk *chunk)
{
	struct lanes *lanes = context;

	pthread_mutex_lock(&lanes->mutex);
	if (chunk->open != NULL) {
		(void)snprintf(lanes->name, sizeof(lanes->name), "%s",
			       chunk->open->stream);
		lanes->begin = chunk->open->begin;
	} else if (chunk->stream != lanes->stream) {
		lanes->broken = true;
	}
	lanes->stream = chunk->stream;
	for (size_t i = 0; i < chunk->items_count; i++)
		take_item(lanes, chunk, &chunk->items[i]);
	pthread_mutex_unlock(&lanes->mutex);
	chunk_free(&chunk);
	return true;
}

static void lanes_clear(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		mem_free(lanes->items[i].bytes);
	lanes->count = 0;
	lanes->skipped = 0;
}

static bool items_are(struct lanes *lanes, size_t count)
{
	bool same = false;

	for (int ms = 0; ms < WAIT_MS && !same; ms += 2) {
		pthread_mutex_lock(&lanes->mutex);
		same = lanes->count >= count;
		pthread_mutex_unlock(&lanes->mutex);
		if (!same)
			(void)usleep(2000);
	}
	return same && lanes->count == count && !lanes->broken;
}

static int setup(void **state)
{
	struct fixture *fixture = mem_calloc(1, sizeof(*fixture));

	if (temp_folder_make(fixture->folder) < 0)
		return -1;
	fixture->config = (struct spool_config){
		.folder = fixture->folder,
		.host_id = "host",
		.partitions = 1,
		.segment_bytes = 1 << 20,
		.bytes_max = 64 << 20,
		.frame_bytes_max = 256 << 10,
		.sync_delay_us = 0,
	};
	fixture->base = event_base_new();
	pthread_mutex_init(&fixture->lanes.mutex, NULL);
	*state = fixture;
	return fixture->base == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	int status = 0;

	spool_close(&fixture->spool);
	event_base_free(fixture->base);
	lanes_clear(&fixture->lanes);
	pthread_mutex_destroy(&fixture->lanes.mutex);
	log_set_sink(NULL, NULL);
	status = temp_folder_remove(fixture->folder);
	mem_free(fixture);
	return status;
}

/* reads from the position stored in the fixture, if one is */
static void open_spool(struct fixture *fixture, bool reading)
{
	struct stored_positions positions = { &fixture->stored,
					      fixture->stored.stream != NULL };
	struct error error;
	struct source *source = NULL;

	assert_int_equal(
		spool_open(fixture->base, &fixture->config, &fixture->spool, &error),
		0);
	source = spool_source(fixture->spool);
	source->sink =
		(struct source_sink){ .context = &fixture->lanes, .put = lanes_put };
	if (reading)
		assert_int_equal(source->ops->start(source, &positions, &error), 0);
}

static void on_done(void *context, const struct error *error)
{
	struct fixture *fixture = context;

	fixture->done++;
	fixture->failed += error != NULL;
}

static void on_room(void *context, const struct error *error)
{
	struct fixture *fixture = context;

	assert_null(error);
	fixture->rooms++;
}

/* turns the loop until so many appends are done */
static void wait_done(struct fixture *fixture, size_t done)
{
	int64_t until_us = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;

	while (fixture->done < done && clock_monotonic_us() < until_us) {
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		(void)usleep(200);
	}
	assert_int_equal(fixture->done, done);
	assert_int_equal(fixture->failed, 0);
}

static struct spool_entry entry_of(const char *text)
{
	return (struct spool_entry){
		.project_id = 3,
		.ingestion_id = 4,
		.substream = 5,
		.observed_timestamp_us = 6,
		.whole_record = true,
		.bytes = slice_str(text),
	};
}

static void append(struct fixture *fixture, const char *text)
{
	struct spool_entry entry = entry_of(text);
	size_t done = fixture->done + 1;

	assert_true(spool_append(fixture->spool, &entry, 1, on_done, fixture));
	wait_done(fixture, done);
}

static void store(struct fixture *fixture, struct position position)
{
	static char name[] = "partition-0";
	static char detail[] = "{}";

	fixture->stored = (struct stored_position){ name, detail, position };
}

static void file_of(const struct fixture *fixture, const char *name, char out[128])
{
	(void)snprintf(out, 128, "%s/partition-0/%s", fixture->folder, name);
}

#define FIRST_SEGMENT "00000000000000000000.seg"

static off_t size_of(const struct fixture *fixture, const char *name)
{
	char path[128];
	struct stat st = { 0 };

	file_of(fixture, name, path);
	return stat(path, &st) < 0 ? -1 : st.st_size;
}

static void test_append_and_read(void **state)
{
	struct fixture *fixture = *state;
	struct spool_entry entries[3] = { entry_of("one"), entry_of("two"),
					  entry_of("") };
	const struct chunk_item *item = NULL;

	entries[1].whole_record = false;
	entries[2].end = true;
	open_spool(fixture, true);
	assert_true(spool_append(fixture->spool, entries, 3, on_done, fixture));
	wait_done(fixture, 1);
	assert_true(items_are(&fixture->lanes, 3));
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
	struct fixture *fixture = *state;
	size_t len = 5 << 20;
	char *body = mem_alloc(len);
	struct spool_entry entry = entry_of("");
	struct spool_entry behind = entry_of("behind");
	size_t total = 0;
	size_t ends = 0;

	for (size_t i = 0; i < len; i++)
		body[i] = (char)('a' + i % 23);
	entry.bytes = slice_of(body, len);
	entry.whole_record = false;
	entry.end = true;
	open_spool(fixture, true);
	assert_true(spool_append(fixture->spool, &entry, 1, on_done, fixture));
	assert_true(spool_append(fixture->spool, &behind, 1, on_done, fixture));
	wait_done(fixture, 2);
	assert_true(items_are(&fixture->lanes, 21));
	for (size_t i = 0; i < 20; i++) {
		const struct seen_item *seen = &fixture->lanes.items[i];

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
	struct fixture *fixture = *state;

	open_spool(fixture, true);
	append(fixture, "one");
	append(fixture, "two");
	append(fixture, "three");
	assert_true(items_are(&fixture->lanes, 3));
	store(fixture, fixture->lanes.items[1].item.begin);
	spool_close(&fixture->spool);
	lanes_clear(&fixture->lanes);
	open_spool(fixture, true);
	assert_true(items_are(&fixture->lanes, 2));
	assert_string_equal(fixture->lanes.items[0].bytes, "two");
	append(fixture, "four");
	assert_true(items_are(&fixture->lanes, 3));
	assert_string_equal(fixture->lanes.items[2].bytes, "four");
	assert_int_equal(fixture->lanes.begin.offset, fixture->stored.position.offset);
}

static void test_restart_inside_a_frame(void **state)
{
	struct fixture *fixture = *state;

	open_spool(fixture, false);
	append(fixture, "line 1\nline 2\n");
	append(fixture, "line 3\n");
	spool_close(&fixture->spool);
	store(fixture, (struct position){ 0, 7 });
	open_spool(fixture, true);
	assert_true(items_are(&fixture->lanes, 2));
	assert_string_equal(fixture->lanes.items[0].bytes, "line 2\n");
	assert_int_equal(fixture->lanes.items[0].item.begin.inner, 7);
	assert_int_equal(fixture->lanes.begin.inner, 7);
	assert_string_equal(fixture->lanes.items[1].bytes, "line 3\n");
}

static void test_rewind(void **state)
{
	struct fixture *fixture = *state;
	struct stored_positions positions = { &fixture->stored, 1 };
	struct source *source = NULL;

	open_spool(fixture, true);
	source = spool_source(fixture->spool);
	append(fixture, "one");
	append(fixture, "two");
	assert_true(items_are(&fixture->lanes, 2));
	store(fixture, fixture->lanes.items[1].item.begin);
	lanes_clear(&fixture->lanes);
	source->ops->rewind(source, &positions);
	assert_true(items_are(&fixture->lanes, 1));
	assert_string_equal(fixture->lanes.items[0].bytes, "two");
	lanes_clear(&fixture->lanes);
	positions.count = 0;
	source->ops->rewind(source, &positions);
	assert_true(items_are(&fixture->lanes, 2));
}

/* what a crash may leave of the last append, cut at each byte: all of it or nothing */
static void test_torn_tail(void **state)
{
	struct fixture *fixture = *state;
	struct spool_entry entries[2] = { entry_of("second"), entry_of("append") };
	const off_t kept = (off_t)SPOOL_HEADER_BYTES + 5;
	char path[128];
	off_t whole = 0;

	open_spool(fixture, false);
	append(fixture, "first");
	assert_true(spool_append(fixture->spool, entries, 2, on_done, fixture));
	wait_done(fixture, 2);
	spool_close(&fixture->spool);
	file_of(fixture, FIRST_SEGMENT, path);
	whole = size_of(fixture, FIRST_SEGMENT);
	assert_int_equal(whole, 3 * SPOOL_HEADER_BYTES + 17);
	for (off_t cut = whole - 1; cut > kept; cut--) {
		/* the bytes in front of the cut stay as they were written */
		assert_int_equal(truncate(path, cut), 0);
		open_spool(fixture, false);
		assert_int_equal(size_of(fixture, FIRST_SEGMENT), kept);
		assert_true(spool_append(fixture->spool, entries, 2, on_done, fixture));
		wait_done(fixture, fixture->done + 1);
		spool_close(&fixture->spool);
		assert_int_equal(size_of(fixture, FIRST_SEGMENT), whole);
	}
	open_spool(fixture, true);
	assert_true(items_are(&fixture->lanes, 3));
	assert_int_equal(fixture->lanes.skipped, 0);
}

static void flip_byte(const struct fixture *fixture, off_t at)
{
	char path[128];
	int fd = -1;
	char byte = 0;

	file_of(fixture, FIRST_SEGMENT, path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (char)~byte;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_int_equal(close(fd), 0);
}

/* any damaged byte of the middle frame costs that frame, and is told as a gap */
static void test_corrupt_frame(void **state)
{
	struct fixture *fixture = *state;
	const off_t size = (off_t)SPOOL_HEADER_BYTES + 3;

	open_spool(fixture, false);
	append(fixture, "one");
	append(fixture, "two");
	append(fixture, "six");
	spool_close(&fixture->spool);
	for (off_t at = size; at < 2 * size; at++) {
		const struct chunk_item *item = NULL;

		flip_byte(fixture, at);
		open_spool(fixture, true);
		assert_true(items_are(&fixture->lanes, 2));
		assert_string_equal(fixture->lanes.items[0].bytes, "one");
		assert_string_equal(fixture->lanes.items[1].bytes, "six");
		item = &fixture->lanes.items[1].item;
		assert_int_equal(item->flags & CHUNK_ITEM_GAP, CHUNK_ITEM_GAP);
		assert_int_equal(item->skipped, size);
		assert_int_equal(item->begin.offset, 2 * size);
		spool_close(&fixture->spool);
		lanes_clear(&fixture->lanes);
		flip_byte(fixture, at);
	}
}

/* damage at the end of a finished segment: told without waiting for a next frame */
static void test_corrupt_end(void **state)
{
	struct fixture *fixture = *state;
	const off_t size = (off_t)SPOOL_HEADER_BYTES + 3;

	fixture->config.segment_bytes = 1;
	open_spool(fixture, false);
	append(fixture, "one");
	append(fixture, "two");
	spool_close(&fixture->spool);
	flip_byte(fixture, size - 1);
	open_spool(fixture, true);
	assert_true(items_are(&fixture->lanes, 2));
	assert_int_equal(fixture->lanes.items[0].item.len, 0);
	assert_int_equal(fixture->lanes.items[0].item.skipped, size);
	assert_string_equal(fixture->lanes.items[1].bytes, "two");
	assert_int_equal(fixture->lanes.items[1].item.skipped, 0);
}

static size_t count_segments(const struct fixture *fixture)
{
	char path[128];
	DIR *dir = NULL;
	size_t count = 0;

	file_of(fixture, "", path);
	dir = opendir(path);
	assert_non_null(dir);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		count += strstr(e->d_name, ".seg") != NULL;
	(void)closedir(dir);
	return count;
}

static bool segments_are(const struct fixture *fixture, size_t count)
{
	for (int ms = 0; ms < WAIT_MS; ms += 2) {
		if (count_segments(fixture) == count)
			return true;
		(void)usleep(2000);
	}
	return false;
}

static void test_deletion(void **state)
{
	struct fixture *fixture = *state;
	struct source *source = NULL;
	uint64_t stream = 0;

	fixture->config.segment_bytes = 64;
	open_spool(fixture, true);
	source = spool_source(fixture->spool);
	for (int i = 0; i < 10; i++)
		append(fixture, "a frame that fills a segment");
	assert_true(items_are(&fixture->lanes, 10));
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
	store(fixture, fixture->lanes.items[9].item.end);
	spool_close(&fixture->spool);
	lanes_clear(&fixture->lanes);
	/* positions go on where they were, though no file is left */
	open_spool(fixture, true);
	append(fixture, "next");
	assert_true(items_are(&fixture->lanes, 1));
	assert_int_equal(fixture->lanes.items[0].item.begin.offset,
			 fixture->stored.position.offset);
	assert_int_equal(fixture->lanes.skipped, 0);
}

static void test_full(void **state)
{
	struct fixture *fixture = *state;
	struct source *source = NULL;
	struct spool_entry entry = entry_of("a frame of some size");

	fixture->config.segment_bytes = 1 << 20;
	fixture->config.bytes_max = 300;
	open_spool(fixture, true);
	source = spool_source(fixture->spool);
	for (int i = 0; i < 3; i++)
		append(fixture, "a frame of some size");
	assert_false(spool_append(fixture->spool, &entry, 1, on_done, fixture));
	spool_wait_room(fixture->spool, on_room, fixture);
	assert_true(items_are(&fixture->lanes, 3));
	assert_int_equal(fixture->rooms, 0);
	source->ops->committed(source, fixture->lanes.stream,
			       fixture->lanes.items[2].item.end);
	assert_true(segments_are(fixture, 0));
	for (int ms = 0; ms < WAIT_MS && fixture->rooms == 0; ms++) {
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		(void)usleep(1000);
	}
	assert_int_equal(fixture->rooms, 1);
	append(fixture, "a frame of some size");
	assert_true(items_are(&fixture->lanes, 4));
}

static void test_second_process(void **state)
{
	struct fixture *fixture = *state;
	struct spool *second = NULL;
	struct error error;

	open_spool(fixture, false);
	assert_int_equal(spool_open(fixture->base, &fixture->config, &second, &error),
			 -1);
	assert_non_null(strstr(error.text, "in use by another process"));
}

/* many appends at once share syncs, keep their order, and all come back */
static void test_group(void **state)
{
	struct fixture *fixture = *state;
	char text[32];

	fixture->config.sync_delay_us = 500;
	open_spool(fixture, true);
	for (int i = 0; i < 2000; i++) {
		struct spool_entry entry = { 0 };

		(void)snprintf(text, sizeof(text), "record %d", i);
		entry = entry_of(text);
		assert_true(spool_append(fixture->spool, &entry, 1, on_done, fixture));
	}
	wait_done(fixture, 2000);
	assert_true(items_are(&fixture->lanes, 2000));
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), "record %d", i);
		assert_string_equal(fixture->lanes.items[i].bytes, text);
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
		cmocka_unit_test_setup_teardown(test_append_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_body, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_after_restart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_restart_inside_a_frame, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_rewind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_tail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_corrupt_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_corrupt_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deletion, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_group, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
