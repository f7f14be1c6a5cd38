/* spool_fixture.c - opening, appending, waiting, and keeping what the readers give */
#include "tests/unit/spool_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static void take_item(struct spool_lanes *lanes, const struct chunk *chunk,
		      const struct chunk_item *item)
{
	if (lanes->count == SPOOL_ITEMS_MAX || (item->flags & CHUNK_ITEM_FRAMED) == 0 ||
	    (lanes->count > 0 && (item->flags & CHUNK_ITEM_GAP) == 0 &&
	     position_compare(lanes->items[lanes->count - 1].item.end, item->begin) !=
		     0)) {
		lanes->broken = true;
		return;
	}
	lanes->skipped += item->skipped;
	lanes->items[lanes->count++] = (struct spool_seen_item){
		*item, mem_slice_dup(slice_of(chunk->data + item->offset, item->len))
	};
}

static bool lanes_put(void *context, struct chunk *chunk)
{
	struct spool_lanes *lanes = context;

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

void spool_lanes_clear(struct spool_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		mem_free(lanes->items[i].bytes);
	lanes->count = 0;
	lanes->skipped = 0;
}

bool spool_lanes_have(struct spool_lanes *lanes, size_t count)
{
	bool enough = false;
	bool exact = false;

	for (int ms = 0; ms < SPOOL_WAIT_MS && !enough; ms += 2) {
		pthread_mutex_lock(&lanes->mutex);
		enough = lanes->count >= count;
		exact = lanes->count == count && !lanes->broken;
		pthread_mutex_unlock(&lanes->mutex);
		if (!enough)
			(void)usleep(2000);
	}
	return exact;
}

int spool_fixture_setup(void **state)
{
	struct spool_fixture *fixture = mem_calloc(1, sizeof(*fixture));

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

int spool_fixture_teardown(void **state)
{
	struct spool_fixture *fixture = *state;
	int status = 0;

	spool_close(&fixture->spool);
	event_base_free(fixture->base);
	spool_lanes_clear(&fixture->lanes);
	pthread_mutex_destroy(&fixture->lanes.mutex);
	log_set_sink(NULL, NULL);
	status = temp_folder_remove(fixture->folder);
	mem_free(fixture);
	return status;
}

void spool_fixture_open(struct spool_fixture *fixture, bool reading)
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

void spool_fixture_on_done(void *context, const struct error *error)
{
	struct spool_fixture *fixture = context;

	fixture->done++;
	fixture->failed += error != NULL;
}

void spool_fixture_wait(struct spool_fixture *fixture, size_t done)
{
	int64_t until_us = clock_monotonic_us() + (int64_t)SPOOL_WAIT_MS * 1000;

	while (fixture->done < done && clock_monotonic_us() < until_us) {
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		(void)usleep(200);
	}
	assert_int_equal(fixture->done, done);
	assert_int_equal(fixture->failed, 0);
}

struct spool_entry spool_fixture_entry(const char *text)
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

void spool_fixture_append(struct spool_fixture *fixture, const char *text)
{
	struct spool_entry entry = spool_fixture_entry(text);
	size_t done = fixture->done + 1;

	assert_true(spool_append(fixture->spool, &entry, 1, spool_fixture_on_done,
				 fixture));
	spool_fixture_wait(fixture, done);
}

void spool_fixture_store(struct spool_fixture *fixture, struct position position)
{
	static char name[] = "partition-0";
	static char detail[] = "{}";

	fixture->stored = (struct stored_position){ name, detail, position };
}

void spool_fixture_file(const struct spool_fixture *fixture, const char *name,
			char out[128])
{
	(void)snprintf(out, 128, "%s/partition-0/%s", fixture->folder, name);
}
off_t spool_fixture_size(const struct spool_fixture *fixture, const char *name)
{
	char path[128];
	struct stat st = { 0 };

	spool_fixture_file(fixture, name, path);
	return stat(path, &st) < 0 ? -1 : st.st_size;
}
