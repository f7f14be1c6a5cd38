/* test_file_tail.c - real files: growth, rotation, truncation, restart; each byte once
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/file_tail.h"
#include "tests/unit/temp_folder.h"

#define STREAMS_MAX 64
#define WAIT_MS 5000

struct seen_stream {
	uint64_t id;
	char *name;
	char *detail;
	struct position begin;
	struct position end;
	struct buf bytes;
	bool last;
};

/* plays the lanes: keeps what each stream gave */
struct lanes {
	pthread_mutex_t mutex;
	struct seen_stream streams[STREAMS_MAX];
	size_t count;
	char order[STREAMS_MAX * 64]; /* first byte of each chunk, in order */
	size_t chunks;
	bool broken; /* a chunk that does not follow its stream's last one */
};

struct fixture {
	char folder[TEMP_FOLDER_MAX];
	char pattern[96];
	const char *globs[1];
	struct file_tail_config config;
	struct lanes lanes;
	struct source *source;
};

static struct seen_stream *stream_by_id(struct lanes *lanes, uint64_t id)
{
	for (size_t i = 0; i < lanes->count; i++) {
		if (lanes->streams[i].id == id)
			return &lanes->streams[i];
	}
	return NULL;
}

static void take_open(struct lanes *lanes, struct chunk *chunk)
{
	if (stream_by_id(lanes, chunk->stream) != NULL || lanes->count == STREAMS_MAX) {
		lanes->broken = true;
		return;
	}
	lanes->streams[lanes->count++] = (struct seen_stream){
		.id = chunk->stream,
		.name = mem_strdup(chunk->open->stream),
		.detail = mem_strdup(chunk->open->detail),
		.begin = chunk->open->begin,
		.end = chunk->open->begin,
	};
}

static void take_chunk(struct lanes *lanes, struct chunk *chunk)
{
	struct seen_stream *stream = NULL;

	if (chunk->open != NULL)
		take_open(lanes, chunk);
	stream = stream_by_id(lanes, chunk->stream);
	if (stream == NULL || stream->last) {
		lanes->broken = true;
		return;
	}
	for (size_t i = 0; i < chunk->items_count; i++) {
		const struct chunk_item *item = &chunk->items[i];

		if (position_compare(item->begin, stream->end) != 0 ||
		    item->end.offset - item->begin.offset != (int64_t)item->len ||
		    item->project_id != 7 || item->ingestion_id != 9)
			lanes->broken = true;
		buf_append(&stream->bytes, chunk->data + item->offset, item->len);
		stream->end = item->end;
	}
	if (chunk->data_len > 0 && lanes->chunks < sizeof(lanes->order))
		lanes->order[lanes->chunks++] = chunk->data[0];
	stream->last = chunk->last;
}

static bool lanes_put(void *context, struct chunk *chunk)
{
	struct lanes *lanes = context;

	pthread_mutex_lock(&lanes->mutex);
	take_chunk(lanes, chunk);
	pthread_mutex_unlock(&lanes->mutex);
	chunk_free(&chunk);
	return true;
}

static void lanes_clear(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++) {
		mem_free(lanes->streams[i].name);
		mem_free(lanes->streams[i].detail);
		buf_deinit(&lanes->streams[i].bytes);
		lanes->streams[i] = (struct seen_stream){ 0 };
	}
	lanes->count = 0;
	lanes->chunks = 0;
}

/* the bytes of all streams of that index equal the text within a while */
static bool stream_gives(struct lanes *lanes, size_t index, const char *text, bool last)
{
	bool same = false;

	for (int ms = 0; ms < WAIT_MS && !same; ms += 2) {
		pthread_mutex_lock(&lanes->mutex);
		same = index < lanes->count &&
		       slice_equal(buf_slice(&lanes->streams[index].bytes),
				   slice_str(text)) &&
		       lanes->streams[index].last == last;
		pthread_mutex_unlock(&lanes->mutex);
		if (!same)
			(void)usleep(2000);
	}
	return same;
}

static int setup(void **state)
{
	struct fixture *fixture = mem_calloc(1, sizeof(*fixture));

	if (temp_folder_make(fixture->folder) < 0)
		return -1;
	(void)snprintf(fixture->pattern, sizeof(fixture->pattern), "%s/*.log",
		       fixture->folder);
	fixture->globs[0] = fixture->pattern;
	fixture->config = file_tail_defaults();
	fixture->config.name = "tail";
	fixture->config.host_id = "host";
	fixture->config.globs = fixture->globs;
	fixture->config.globs_count = 1;
	fixture->config.project_id = 7;
	fixture->config.ingestion_id = 9;
	fixture->config.rescan_ms = 20;
	fixture->config.linger_ms = 60;
	pthread_mutex_init(&fixture->lanes.mutex, NULL);
	*state = fixture;
	return 0;
}

static void stop_source(struct fixture *fixture)
{
	if (fixture->source == NULL)
		return;
	fixture->source->ops->stop(fixture->source);
	fixture->source->ops->free(&fixture->source);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	int status = 0;

	stop_source(fixture);
	log_set_sink(NULL, NULL);
	lanes_clear(&fixture->lanes);
	pthread_mutex_destroy(&fixture->lanes.mutex);
	status = temp_folder_remove(fixture->folder);
	mem_free(fixture);
	return status;
}

static void path_in(const struct fixture *fixture, const char *name, char *out)
{
	(void)snprintf(out, 128, "%s/%s", fixture->folder, name);
}

static void write_file(const struct fixture *fixture, const char *name,
		       const char *text, const char *mode)
{
	char path[128];
	FILE *file = NULL;

	path_in(fixture, name, path);
	file = fopen(path, mode);
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void rename_file(const struct fixture *fixture, const char *from, const char *to)
{
	char old_path[128];
	char new_path[128];

	path_in(fixture, from, old_path);
	path_in(fixture, to, new_path);
	assert_int_equal(rename(old_path, new_path), 0);
}

static void start_source(struct fixture *fixture,
			 const struct stored_positions *positions)
{
	static const struct stored_positions none;
	struct error error;

	assert_int_equal(file_tail_new(&fixture->config, &fixture->source, &error), 0);
	fixture->source->sink =
		(struct source_sink){ .context = &fixture->lanes, .put = lanes_put };
	assert_int_equal(fixture->source->ops->start(fixture->source,
						     positions ? positions : &none,
						     &error),
			 0);
}

/* stops, and gives what a database would have stored of the first stream */
static void stop_and_store(struct fixture *fixture, struct stored_position *stored,
			   struct stored_positions *positions)
{
	const struct seen_stream *stream = &fixture->lanes.streams[0];

	stop_source(fixture);
	assert_false(fixture->lanes.broken);
	*stored = (struct stored_position){
		.stream = mem_strdup(stream->name),
		.detail = mem_strdup(stream->detail),
		.position = stream->end,
	};
	*positions = (struct stored_positions){ stored, 1 };
	lanes_clear(&fixture->lanes);
}

static void free_stored(struct stored_position *stored)
{
	mem_free(stored->stream);
	mem_free(stored->detail);
}

static void test_growth(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a.log", "one\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\n", false));
	write_file(fixture, "a.log", "tw", "a");
	assert_true(stream_gives(&fixture->lanes, 0, "one\ntw", false));
	write_file(fixture, "a.log", "o\nthree", "a");
	assert_true(stream_gives(&fixture->lanes, 0, "one\ntwo\nthree", false));
	assert_int_equal(fixture->lanes.count, 1);
	assert_int_equal(fixture->source->stats.received_bytes, 13);
	assert_false(fixture->lanes.broken);
}

static void test_rotation_by_rename(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a.log", "old 1\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "old 1\n", false));
	write_file(fixture, "a.log", "old 2\n", "a");
	rename_file(fixture, "a.log", "a.log.1");
	write_file(fixture, "a.log", "new 1\n", "w");
	write_file(fixture, "a.log.1", "old 3\n", "a");
	assert_true(stream_gives(&fixture->lanes, 1, "new 1\n", false));
	assert_true(stream_gives(&fixture->lanes, 0, "old 1\nold 2\nold 3\n", true));
	write_file(fixture, "a.log", "new 2\n", "a");
	assert_true(stream_gives(&fixture->lanes, 1, "new 1\nnew 2\n", false));
	assert_int_equal(fixture->lanes.count, 2);
	assert_false(fixture->lanes.broken);
}

/* read to its end and committed, then renamed back: nothing is read twice */
static void test_renamed_back(void **state)
{
	struct fixture *fixture = *state;
	struct seen_stream *first = &fixture->lanes.streams[0];

	write_file(fixture, "a.log", "one\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\n", false));
	rename_file(fixture, "a.log", "kept");
	assert_true(stream_gives(&fixture->lanes, 0, "one\n", true));
	fixture->source->ops->committed(fixture->source, first->id, first->end);
	(void)usleep(100000);
	write_file(fixture, "kept", "two\n", "a");
	rename_file(fixture, "kept", "a.log");
	assert_true(stream_gives(&fixture->lanes, 1, "two\n", false));
	assert_string_equal(first->name, fixture->lanes.streams[1].name);
	assert_int_equal(fixture->lanes.streams[1].begin.offset, 4);
	assert_false(fixture->lanes.broken);
}

struct truncation {
	const char *before;
	const char *after;
};

/* the second case has grown past the old offset before anyone looked */
static const struct truncation truncations[] = {
	{ "first line\nsecond line\n", "short\n" },
	{ "first line\n", "another line, longer\nthan the first\n" },
	{ "same\n", "" },
};

static void test_truncation(void **state)
{
	struct fixture *fixture = *state;

	start_source(fixture, NULL);
	for (size_t i = 0; i < sizeof(truncations) / sizeof(truncations[0]); i++) {
		const struct truncation *t = &truncations[i];
		size_t base = fixture->lanes.count;

		write_file(fixture, "a.log", t->before, "w");
		assert_true(stream_gives(&fixture->lanes, base, t->before, false));
		write_file(fixture, "a.log", t->after, "w");
		assert_true(stream_gives(&fixture->lanes, base, t->before, true));
		if (t->after[0] != '\0')
			assert_true(stream_gives(&fixture->lanes, base + 1, t->after,
						 false));
	}
	assert_true(fixture->source->stats.errors >= 3);
	assert_string_not_equal(fixture->lanes.streams[0].name,
				fixture->lanes.streams[1].name);
	assert_false(fixture->lanes.broken);
}

static void test_restart(void **state)
{
	struct fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	write_file(fixture, "a.log", "one\ntwo\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\ntwo\n", false));
	stop_and_store(fixture, &stored, &positions);
	stored.position.offset = 4; /* the rest was not committed */
	write_file(fixture, "a.log", "three\n", "a");
	start_source(fixture, &positions);
	assert_true(stream_gives(&fixture->lanes, 0, "two\nthree\n", false));
	assert_string_equal(fixture->lanes.streams[0].name, stored.stream);
	assert_int_equal(fixture->lanes.streams[0].begin.offset, 4);
	free_stored(&stored);
	assert_false(fixture->lanes.broken);
}

/* renamed while the daemon was down, to a name that no pattern matches */
static void test_renamed_while_down(void **state)
{
	struct fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	write_file(fixture, "a.log", "one\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\n", false));
	stop_and_store(fixture, &stored, &positions);
	write_file(fixture, "a.log", "two\n", "a");
	rename_file(fixture, "a.log", "a.log.1");
	write_file(fixture, "a.log", "new\n", "w");
	fixture->config.start_at = TAIL_START_END; /* not the first start: no matter */
	start_source(fixture, &positions);
	assert_true(stream_gives(&fixture->lanes, 0, "new\n", false));
	assert_true(stream_gives(&fixture->lanes, 1, "two\n", true));
	assert_string_equal(fixture->lanes.streams[1].name, stored.stream);
	assert_int_equal(fixture->lanes.streams[1].begin.offset, 4);
	free_stored(&stored);
	assert_false(fixture->lanes.broken);
}

/* the inode is the same, the log is not: the stored position does not apply */
static void test_inode_used_again(void **state)
{
	struct fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	write_file(fixture, "a.log", "one\ntwo\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\ntwo\n", false));
	stop_and_store(fixture, &stored, &positions);
	write_file(fixture, "a.log", "another log, longer than the old one\n", "w");
	start_source(fixture, &positions);
	assert_true(stream_gives(&fixture->lanes, 0,
				 "another log, longer than the old one\n", false));
	assert_string_not_equal(fixture->lanes.streams[0].name, stored.stream);
	free_stored(&stored);
	assert_false(fixture->lanes.broken);
}

static void test_start_at_end(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.start_at = TAIL_START_END;
	write_file(fixture, "a.log", "before\n", "w");
	start_source(fixture, NULL);
	(void)usleep(100000);
	write_file(fixture, "a.log", "after\n", "a");
	assert_true(stream_gives(&fixture->lanes, 0, "after\n", false));
	write_file(fixture, "b.log", "whole\n", "w");
	assert_true(stream_gives(&fixture->lanes, 1, "whole\n", false));
	assert_int_equal(fixture->lanes.streams[0].begin.offset, 7);
}

static void test_rewind(void **state)
{
	struct fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { &stored, 1 };

	write_file(fixture, "a.log", "one\ntwo\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\ntwo\n", false));
	stored.stream = fixture->lanes.streams[0].name;
	stored.detail = fixture->lanes.streams[0].detail;
	stored.position.offset = 4;
	fixture->source->ops->rewind(fixture->source, &positions);
	assert_true(stream_gives(&fixture->lanes, 1, "two\n", false));
	/* nothing stored: from where this daemon began */
	positions.count = 0;
	fixture->source->ops->rewind(fixture->source, &positions);
	assert_true(stream_gives(&fixture->lanes, 2, "one\ntwo\n", false));
	assert_string_equal(fixture->lanes.streams[2].name, stored.stream);
	assert_false(fixture->lanes.broken);
}

/* deleted before all was committed: a rewind still finds its bytes */
static void test_rewind_of_deleted(void **state)
{
	struct fixture *fixture = *state;
	struct stored_positions none = { 0 };
	char path[128];

	write_file(fixture, "a.log", "one\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "one\n", false));
	path_in(fixture, "a.log", path);
	assert_int_equal(unlink(path), 0);
	assert_true(stream_gives(&fixture->lanes, 0, "one\n", true));
	(void)usleep(100000);
	fixture->source->ops->rewind(fixture->source, &none);
	assert_true(stream_gives(&fixture->lanes, 1, "one\n", true));
	assert_false(fixture->lanes.broken);
}

static void test_turns(void **state)
{
	struct fixture *fixture = *state;
	char big[2001];
	size_t at = 0;

	memset(big, 'A', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	fixture->config.read_bytes = 100;
	write_file(fixture, "a.log", big, "w");
	write_file(fixture, "b.log", "B small\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, big, false));
	assert_true(stream_gives(&fixture->lanes, 1, "B small\n", false));
	while (at < fixture->lanes.chunks && fixture->lanes.order[at] == 'A')
		at++;
	assert_true(at < 3); /* the small file did not wait for the big one */
	assert_false(fixture->lanes.broken);
}

struct lines {
	char text[8192];
};

static void keep_line(enum log_level level, const char *line, void *context)
{
	struct lines *lines = context;
	size_t used = strlen(lines->text);

	(void)level;
	(void)snprintf(lines->text + used, sizeof(lines->text) - used, "%s", line);
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		count++;
	return count;
}

static void test_skipped(void **state)
{
	struct fixture *fixture = *state;
	static const char *const excludes[] = { "no*.log" };
	static struct lines lines;
	static const char *const reasons[] = { "symbolic link", "directory", "FIFO",
					       "older than ignore_older" };
	struct utimbuf old = { 1000, 1000 };
	char path[128];

	log_set_sink(keep_line, &lines);
	fixture->config.excludes = excludes;
	fixture->config.excludes_count = 1;
	fixture->config.ignore_older_s = 3600;
	path_in(fixture, "link.log", path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	path_in(fixture, "folder.log", path);
	assert_int_equal(mkdir(path, 0700), 0);
	path_in(fixture, "fifo.log", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	write_file(fixture, "old.log", "old\n", "w");
	path_in(fixture, "old.log", path);
	assert_int_equal(utime(path, &old), 0);
	write_file(fixture, "not.log", "excluded\n", "w");
	write_file(fixture, "a.log", "read\n", "w");
	start_source(fixture, NULL);
	assert_true(stream_gives(&fixture->lanes, 0, "read\n", false));
	(void)usleep(200000);
	stop_source(fixture);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		assert_int_equal(count_of(lines.text, reasons[i]), 1);
	assert_int_equal(fixture->lanes.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation_by_rename, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_renamed_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_truncation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_renamed_while_down, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_inode_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_start_at_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewind_of_deleted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_skipped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
