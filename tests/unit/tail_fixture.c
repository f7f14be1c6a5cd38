/* tail_fixture.c - files to tail, and keeping what each stream gave */
#include "tests/unit/tail_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static struct tail_seen *stream_by_id(struct tail_lanes *lanes, uint64_t id)
{
	for (size_t i = 0; i < lanes->count; i++) {
		if (lanes->streams[i].id == id)
			return &lanes->streams[i];
	}
	return NULL;
}

static void take_open(struct tail_lanes *lanes, struct chunk *chunk)
{
	if (stream_by_id(lanes, chunk->stream) != NULL ||
	    lanes->count == TAIL_STREAMS_MAX) {
		lanes->broken = true;
		return;
	}
	lanes->streams[lanes->count++] = (struct tail_seen){
		.id = chunk->stream,
		.name = mem_strdup(chunk->open->stream),
		.detail = mem_strdup(chunk->open->detail),
		.begin = chunk->open->begin,
		.end = chunk->open->begin,
	};
}

static void take_chunk(struct tail_lanes *lanes, struct chunk *chunk)
{
	struct tail_seen *stream = NULL;

	if (chunk->open != NULL)
		take_open(lanes, chunk);
	stream = stream_by_id(lanes, chunk->stream);
	if (stream == NULL || stream->last) {
		lanes->broken = true;
		return;
	}
	if (chunk->detail != NULL) {
		mem_free(stream->detail);
		stream->detail = chunk->detail;
		chunk->detail = NULL;
	}
	for (size_t i = 0; i < chunk->items_count; i++) {
		const struct chunk_item *item = &chunk->items[i];

		if (position_compare(item->begin, stream->end) != 0 ||
		    item->end.offset - item->begin.offset !=
			    (int64_t)(item->len + item->skipped) ||
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
	struct tail_lanes *lanes = context;

	pthread_mutex_lock(&lanes->mutex);
	take_chunk(lanes, chunk);
	pthread_mutex_unlock(&lanes->mutex);
	chunk_free(&chunk);
	return true;
}

static void clear_lanes(struct tail_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++) {
		mem_free(lanes->streams[i].name);
		mem_free(lanes->streams[i].detail);
		buf_deinit(&lanes->streams[i].bytes);
		lanes->streams[i] = (struct tail_seen){ 0 };
	}
	lanes->count = 0;
	lanes->chunks = 0;
}

size_t tail_lanes_count(struct tail_lanes *lanes)
{
	size_t count = 0;

	pthread_mutex_lock(&lanes->mutex);
	count = lanes->count;
	pthread_mutex_unlock(&lanes->mutex);
	return count;
}

bool tail_lanes_broken(struct tail_lanes *lanes)
{
	bool broken = false;

	pthread_mutex_lock(&lanes->mutex);
	broken = lanes->broken;
	pthread_mutex_unlock(&lanes->mutex);
	return broken;
}

struct tail_seen tail_lanes_stream(struct tail_lanes *lanes, size_t index)
{
	struct tail_seen seen;

	pthread_mutex_lock(&lanes->mutex);
	assert_true(index < lanes->count);
	seen = lanes->streams[index];
	pthread_mutex_unlock(&lanes->mutex);
	return seen;
}

bool tail_lanes_give(struct tail_lanes *lanes, size_t index, const char *text,
		     bool last)
{
	bool same = false;

	for (int ms = 0; ms < TAIL_WAIT_MS && !same; ms += 2) {
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

int tail_fixture_setup(void **state)
{
	struct tail_fixture *fixture = mem_calloc(1, sizeof(*fixture));

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

void tail_fixture_stop(struct tail_fixture *fixture)
{
	if (fixture->source == NULL)
		return;
	fixture->source->ops->stop(fixture->source);
	fixture->source->ops->free(&fixture->source);
}

int tail_fixture_teardown(void **state)
{
	struct tail_fixture *fixture = *state;
	int status = 0;

	tail_fixture_stop(fixture);
	log_set_sink(NULL, NULL);
	clear_lanes(&fixture->lanes);
	pthread_mutex_destroy(&fixture->lanes.mutex);
	status = temp_folder_remove(fixture->folder);
	mem_free(fixture);
	return status;
}

void tail_fixture_path(const struct tail_fixture *fixture, const char *name, char *out)
{
	(void)snprintf(out, 128, "%s/%s", fixture->folder, name);
}

void tail_fixture_write(const struct tail_fixture *fixture, const char *name,
			const char *text, const char *mode)
{
	char path[128];
	FILE *file = NULL;

	tail_fixture_path(fixture, name, path);
	file = fopen(path, mode);
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

void tail_fixture_rename(const struct tail_fixture *fixture, const char *from,
			 const char *to)
{
	char old_path[128];
	char new_path[128];

	tail_fixture_path(fixture, from, old_path);
	tail_fixture_path(fixture, to, new_path);
	assert_int_equal(rename(old_path, new_path), 0);
}

void tail_fixture_start(struct tail_fixture *fixture,
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

void tail_fixture_stop_and_store(struct tail_fixture *fixture,
				 struct stored_position *stored,
				 struct stored_positions *positions)
{
	const struct tail_seen *stream = &fixture->lanes.streams[0];

	tail_fixture_stop(fixture);
	assert_false(tail_lanes_broken(&fixture->lanes));
	*stored = (struct stored_position){
		.stream = mem_strdup(stream->name),
		.detail = mem_strdup(stream->detail),
		.position = stream->end,
	};
	*positions = (struct stored_positions){ stored, 1 };
	clear_lanes(&fixture->lanes);
}

void tail_fixture_free_stored(struct stored_position *stored)
{
	mem_free(stored->stream);
	mem_free(stored->detail);
}
