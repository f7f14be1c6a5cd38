/* spool.c - the spool as callers see it: appending, waiting for room, being a source
 *
 *   spool_append -> writer thread -> segments -> one reader thread a partition -> lanes
 *              done <- mailbox <-'
 */
#include "sources/spool.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/spool_format.h"
#include "sources/spool_log.h"
#include "sources/spool_reader.h"
#include "sources/spool_request.h"
#include "sources/spool_segment.h"
#include "sources/spool_writer.h"

#define SOURCE_NAME "spool"
#define PARTITIONS_MAX 256
#define PATH_BYTES 4096

struct waiter {
	spool_done_fn *room;
	void *context;
};

struct spool {
	struct source source;
	char *folder;
	char *host_id;
	int lock_fd;
	size_t frame_bytes_max;
	size_t partitions; /* appended to; those behind it are only read */
	struct spool_log **logs;
	struct spool_reader **readers;
	size_t logs_count;
	struct spool_writer *writer;
	struct event *done_event;
	struct waiter *waiters;
	size_t waiters_count;
	size_t waiters_capacity;
};

static struct spool *spool_of(struct source *source)
{
	return (struct spool *)source;
}

static void call_waiters(struct spool *spool)
{
	struct waiter *waiters = spool->waiters;
	size_t count = spool->waiters_count;

	/* a waiter may find no room after all, and wait again */
	spool->waiters = NULL;
	spool->waiters_count = 0;
	spool->waiters_capacity = 0;
	for (size_t i = 0; i < count; i++)
		waiters[i].room(waiters[i].context, NULL);
	mem_free(waiters);
}

static void deliver(struct spool *spool)
{
	struct spool_request *request = NULL;

	while ((request = spool_writer_take_done(spool->writer)) != NULL) {
		if (request->done != NULL)
			request->done(request->context, request->error);
		spool_request_free(&request);
	}
	if (spool->waiters_count > 0)
		call_waiters(spool);
}

static void on_done(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	deliver(context);
}

/* false: no room; nothing was taken */
static bool has_room(struct spool *spool, const struct spool_entry *entries,
		     size_t count)
{
	return spool_writer_room(
		spool->writer,
		spool_request_len(entries, count, spool->frame_bytes_max));
}

static void submit(struct spool *spool, struct spool_request *request,
		   const struct spool_entry *entries, size_t count)
{
	uint64_t spread = hash64_mix(0, entries[0].substream);
	uint64_t payload_bytes = 0;

	for (size_t i = 0; i < count; i++)
		payload_bytes += entries[i].bytes.len;
	atomic_fetch_add(&spool->source.stats.received_bytes, payload_bytes);
	atomic_fetch_add(&spool->source.stats.received_frames, count);
	request->partition = (size_t)(spread % spool->partitions);
	spool_writer_submit(spool->writer, request);
}

bool spool_append(struct spool *spool, const struct spool_entry *entries, size_t count,
		  spool_done_fn *done, void *context)
{
	struct spool_request *request = NULL;

	assert(count > 0);
	if (!has_room(spool, entries, count))
		return false;
	request = spool_request_new(entries, count, spool->frame_bytes_max);
	request->done = done;
	request->context = context;
	submit(spool, request, entries, count);
	return true;
}

bool spool_append_owned(struct spool *spool, const struct spool_entry *entry,
			const struct spool_owned *owned, spool_done_fn *done,
			void *context)
{
	struct spool_request *request = NULL;

	assert(entry->bytes.ptr != NULL);
	if (!has_room(spool, entry, 1))
		return false;
	request = spool_request_new_owned(entry, owned, spool->frame_bytes_max);
	request->done = done;
	request->context = context;
	submit(spool, request, entry, 1);
	return true;
}

void spool_wait_room(struct spool *spool, spool_done_fn *room, void *context)
{
	mem_grow(&spool->waiters, &spool->waiters_capacity, spool->waiters_count,
		 sizeof(*spool->waiters));
	spool->waiters[spool->waiters_count++] = (struct waiter){ room, context };
}

static const struct position *find_stored(const struct stored_positions *positions,
					  size_t partition)
{
	char name[SPOOL_STREAM_NAME_MAX];

	spool_stream_name(partition, name);
	for (size_t i = 0; i < positions->count; i++) {
		if (strcmp(positions->items[i].stream, name) == 0)
			return &positions->items[i].position;
	}
	return NULL;
}

/* where the partition's reading begins */
static struct position place_reader(struct spool *spool, size_t partition,
				    const struct stored_positions *positions)
{
	const struct position *stored = find_stored(positions, partition);
	struct spool_log *log = spool->logs[partition];
	uint64_t end = spool_log_durable(log);

	if (stored == NULL)
		return (struct position){ (int64_t)spool_log_first(log), 0 };
	if (stored->offset > (int64_t)end) {
		/* deleted because all was committed, or lost: positions never go back
		 */
		log_info("spool", "goes on behind its files partition=%zu offset=%lld",
			 partition, (long long)stored->offset);
		spool_log_resume_at(log, (uint64_t)stored->offset);
	}
	return *stored;
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct spool *spool = spool_of(source);

	for (size_t i = 0; i < spool->logs_count; i++) {
		struct position from = place_reader(spool, i, positions);

		if (spool_reader_start(spool->readers[i], from, error) < 0)
			return -1;
		atomic_fetch_add(&spool->source.stats.open_streams, 1);
	}
	return 0;
}

static void stop(struct source *source)
{
	struct spool *spool = spool_of(source);

	for (size_t i = 0; i < spool->logs_count; i++)
		spool_reader_stop(spool->readers[i]);
}

static void committed(struct source *source, uint64_t stream, struct position position)
{
	struct spool *spool = spool_of(source);

	for (size_t i = 0; i < spool->logs_count; i++) {
		if (spool_reader_reads(spool->readers[i], stream))
			spool_writer_committed(spool->writer, i,
					       (uint64_t)position.offset);
	}
}

static void rewind_to(struct source *source, const struct stored_positions *positions)
{
	struct spool *spool = spool_of(source);

	for (size_t i = 0; i < spool->logs_count; i++)
		spool_reader_rewind(spool->readers[i], find_stored(positions, i));
}

/* the source is a face of the spool, which spool_close frees */
static void free_face(struct source **source)
{
	if (*source != NULL)
		stop(*source);
	*source = NULL;
}

static const struct source_ops spool_ops = {
	.type = "spool",
	.start = start,
	.stop = stop,
	.committed = committed,
	.rewind = rewind_to,
	.free = free_face,
};

struct source *spool_source(struct spool *spool)
{
	return &spool->source;
}

static int partition_folder(const struct spool *spool, size_t partition,
			    char path[PATH_BYTES], struct error *error)
{
	char name[SPOOL_STREAM_NAME_MAX];
	int len = 0;

	spool_stream_name(partition, name);
	len = snprintf(path, PATH_BYTES, "%s/%s", spool->folder, name);
	if (len < 0 || len >= PATH_BYTES)
		return error_set(error, "spool %s: path is too long", spool->folder);
	return 0;
}

/* one daemon a folder: two would write over each other */
static int lock_folder(struct spool *spool, struct error *error)
{
	char path[PATH_BYTES];
	int len = 0;

	if (spool_folder_make(spool->folder, error) < 0)
		return -1;
	len = snprintf(path, sizeof(path), "%s/lock", spool->folder);
	if (len < 0 || len >= (int)sizeof(path))
		return error_set(error, "spool %s: path is too long", spool->folder);
	spool->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (spool->lock_fd < 0)
		return error_set_errno(error, "spool %s: open", path);
	if (flock(spool->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return error_set_errno(error, "spool %s: in use by another process",
				       spool->folder);
	return 0;
}

/* a partition beyond the configured ones still holds what was appended to it */
static bool wanted(const struct spool *spool, const char *path)
{
	struct stat st = { 0 };

	return spool->logs_count < spool->partitions || stat(path, &st) == 0;
}

static int open_logs(struct spool *spool, struct error *error)
{
	char path[PATH_BYTES];

	spool->logs = mem_calloc(PARTITIONS_MAX, sizeof(struct spool_log *));
	while (spool->logs_count < PARTITIONS_MAX) {
		if (partition_folder(spool, spool->logs_count, path, error) < 0)
			return -1;
		if (!wanted(spool, path))
			break;
		if (spool_log_open(path, &spool->logs[spool->logs_count], error) < 0)
			return -1;
		spool->logs_count++;
	}
	return 0;
}

static void make_readers(struct spool *spool)
{
	spool->readers = mem_calloc(spool->logs_count, sizeof(struct spool_reader *));
	for (size_t i = 0; i < spool->logs_count; i++) {
		struct spool_reader_config config = {
			.log = spool->logs[i],
			.host_id = spool->host_id,
			.source = SOURCE_NAME,
			.partition = i,
			.sink = &spool->source.sink,
			.stats = &spool->source.stats,
		};

		spool->readers[i] = spool_reader_new(&config);
	}
}

static int open_parts(struct spool *spool, struct event_base *base,
		      const struct spool_config *config, struct error *error)
{
	struct spool_limits limits = {
		.segment_bytes = config->segment_bytes,
		.bytes_max = config->bytes_max,
		.sync_delay_us = config->sync_delay_us,
		.stats = &spool->source.stats,
	};

	if (lock_folder(spool, error) < 0 || open_logs(spool, error) < 0)
		return -1;
	make_readers(spool);
	if (spool_writer_start(spool->logs, spool->logs_count, &limits, &spool->writer,
			       error) < 0)
		return -1;
	spool->done_event = event_new(base, spool_writer_fd(spool->writer),
				      EV_READ | EV_PERSIST, on_done, spool);
	if (spool->done_event == NULL || event_add(spool->done_event, NULL) < 0)
		return error_set(error, "spool %s: event_add failed", spool->folder);
	return 0;
}

int spool_open(struct event_base *base, const struct spool_config *config,
	       struct spool **out, struct error *error)
{
	struct spool *spool = NULL;

	if (config->partitions == 0 || config->partitions > PARTITIONS_MAX)
		return error_set(error, "spool %s: partitions must be 1 to %d",
				 config->folder, PARTITIONS_MAX);
	spool = mem_calloc(1, sizeof(*spool));
	spool->source.ops = &spool_ops;
	spool->source.name = SOURCE_NAME;
	spool->folder = mem_strdup(config->folder);
	spool->host_id = mem_strdup(config->host_id);
	spool->lock_fd = -1;
	spool->partitions = config->partitions;
	spool->frame_bytes_max =
		config->frame_bytes_max == 0 ||
				config->frame_bytes_max > SPOOL_PAYLOAD_MAX
			? SPOOL_PAYLOAD_MAX
			: config->frame_bytes_max;
	if (open_parts(spool, base, config, error) < 0) {
		spool_close(&spool);
		return -1;
	}
	*out = spool;
	return 0;
}

void spool_close(struct spool **spool_ptr)
{
	struct spool *spool = *spool_ptr;

	if (spool == NULL)
		return;
	for (size_t i = 0; spool->readers != NULL && i < spool->logs_count; i++)
		spool_reader_free(&spool->readers[i]);
	if (spool->done_event != NULL)
		event_free(spool->done_event);
	if (spool->writer != NULL) {
		spool_writer_stop(spool->writer);
		deliver(spool);
	}
	spool_writer_free(&spool->writer);
	for (size_t i = 0; i < spool->logs_count; i++)
		spool_log_close(&spool->logs[i]);
	if (spool->lock_fd >= 0)
		(void)close(spool->lock_fd); /* holds no data */
	mem_free(spool->logs);
	mem_free(spool->readers);
	mem_free(spool->waiters);
	mem_free(spool->folder);
	mem_free(spool->host_id);
	mem_free(spool);
	*spool_ptr = NULL;
}
