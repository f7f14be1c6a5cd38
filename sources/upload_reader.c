/* upload_reader.c - a list of uploads, read one after the other */
#include "sources/upload_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sources/decompress.h"

#define RAW_BYTES ((size_t)256 * 1024)

struct reading {
	struct reading *next;
	struct upload_file file;
	int64_t from;
	uint64_t stream; /* 0: it was not begun */
	int64_t end;     /* -1: not read to it */
};

struct upload_reader {
	struct upload_reader_config config;
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex */
	struct reading *first; /* read, being read and to be read, in order */
	bool stopping;
	unsigned cleared; /* times */
};

/* of the thread, while it reads one */
struct run {
	struct upload_reader *reader;
	struct upload_file file;
	unsigned cleared;
	uint64_t stream;
	struct decompress *decompress;
	struct chunk *chunk;
	int64_t at; /* of the plain bytes, behind those in the chunk */
	int64_t from;
	bool opened;
};

static bool interrupted(const struct run *run)
{
	struct upload_reader *reader = run->reader;
	bool is = false;

	pthread_mutex_lock(&reader->mutex);
	is = reader->stopping || reader->cleared != run->cleared;
	pthread_mutex_unlock(&reader->mutex);
	return is;
}

static void add_item(struct run *run, int64_t begin, int64_t end, size_t len)
{
	struct chunk_item *item = chunk_add_item(run->chunk);

	item->len = len;
	item->begin.offset = begin;
	item->end.offset = end;
	item->substream = run->stream;
	item->project_id = run->file.project_id;
	item->ingestion_id = run->file.ingestion_id;
	item->observed_timestamp_us = run->file.began_us;
}

/* false: interrupted */
static bool put(struct run *run)
{
	const struct upload_reader_config *config = &run->reader->config;
	struct chunk *chunk = run->chunk;

	run->chunk = NULL;
	chunk->stream = run->stream;
	if (!run->opened) {
		chunk->open = stream_info_new(config->host_id, config->source,
					      run->file.id, "{}");
		chunk->open->begin.offset = run->from;
		run->opened = true;
	}
	if (!interrupted(run) && config->sink->put(config->sink->context, chunk))
		return true;
	chunk_free(&chunk);
	return false;
}

static bool put_bytes(struct run *run)
{
	size_t len = run->chunk->data_len;

	if (len == 0)
		return true;
	add_item(run, run->at - (int64_t)len, run->at, len);
	atomic_fetch_add(&run->reader->config.stats->received_bytes, len);
	return put(run);
}

/* behind the last bytes: whatever is open is a record now. unreadable: bytes of the
 * file that could not be unpacked */
static bool put_end(struct run *run, int64_t unreadable)
{
	struct upload_reader *reader = run->reader;
	struct chunk_item *item = NULL;
	int64_t end = run->at + unreadable;

	/* stored to its end before a crash: the loss stands in the ledger already */
	if (run->from >= end) {
		run->at = end;
		unreadable = 0;
	}
	/* known before the commit can be told */
	pthread_mutex_lock(&reader->mutex);
	for (struct reading *i = reader->first; i != NULL; i = i->next) {
		if (i->stream == run->stream)
			i->end = end;
	}
	pthread_mutex_unlock(&reader->mutex);
	run->chunk = chunk_new(run->stream, 1);
	add_item(run, run->at, end, 0);
	item = &run->chunk->items[0];
	item->flags = CHUNK_ITEM_END;
	if (unreadable > 0) {
		item->flags |= CHUNK_ITEM_DROPPED;
		item->dropped = 1;
		item->skipped = (uint64_t)unreadable;
		item->reason = DROP_UNREADABLE;
	}
	run->chunk->last = true;
	run->chunk->seal = true;
	return put(run);
}

/* plain bytes; what lies before `from` was stored already */
static bool take_plain(struct run *run, struct slice bytes)
{
	int64_t known = run->from - run->at;

	if (known > 0) {
		size_t skip = (size_t)known < bytes.len ? (size_t)known : bytes.len;

		run->at += (int64_t)skip;
		bytes = slice_from(bytes, skip);
	}
	while (bytes.len > 0) {
		size_t room = 0;

		if (run->chunk == NULL)
			run->chunk = chunk_new(run->stream, CHUNK_BYTES_MAX);
		room = CHUNK_BYTES_MAX - run->chunk->data_len;
		room = room < bytes.len ? room : bytes.len;
		memcpy(run->chunk->data + run->chunk->data_len, bytes.ptr, room);
		run->chunk->data_len += room;
		run->at += (int64_t)room;
		bytes = slice_from(bytes, room);
		if (run->chunk->data_len == CHUNK_BYTES_MAX && !put_bytes(run))
			return false;
	}
	return true;
}

enum outcome { GOES_ON, DAMAGED, INTERRUPTED };

static enum outcome unpack(struct run *run, char *space, struct error *error)
{
	size_t len = 0;
	int status = 0;

	while ((status = decompress_next(run->decompress, space, RAW_BYTES, &len,
					 error)) > 0) {
		if (!take_plain(run, slice_of(space, len)))
			return INTERRUPTED;
	}
	return status < 0 ? DAMAGED : GOES_ON;
}

/* bytes of the file that were read go to *used */
static enum outcome read_bytes(struct run *run, int fd, char *raw, int64_t *used,
			       struct error *error)
{
	for (;;) {
		ssize_t n = pread(fd, raw, RAW_BYTES, *used);
		enum outcome outcome = GOES_ON;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			(void)error_set_errno(error, "read"); /* always -1 */
		if (n < 0 || interrupted(run))
			return n < 0 ? DAMAGED : INTERRUPTED;
		if (n == 0)
			return decompress_finish(run->decompress, error) < 0 ? DAMAGED
									     : GOES_ON;
		decompress_feed(run->decompress, slice_of(raw, (size_t)n));
		outcome = unpack(run, raw + RAW_BYTES, error);
		if (outcome != GOES_ON)
			return outcome;
		*used += n;
	}
}

static void read_file(struct run *run, int fd)
{
	char *raw = mem_alloc(2 * RAW_BYTES);
	int64_t used = 0;
	struct error error = { 0 };
	enum outcome outcome = GOES_ON;

	run->decompress = decompress_new();
	outcome = read_bytes(run, fd, raw, &used, &error);
	if (outcome == DAMAGED) {
		log_error("uploads", "cannot be read id=%s at=%" PRId64 " error=\"%s\"",
			  run->file.id, used, error.text);
		atomic_fetch_add(&run->reader->config.stats->errors, 1);
	}
	if (outcome != INTERRUPTED && (run->chunk == NULL || put_bytes(run)))
		(void)put_end(run, outcome == DAMAGED ? run->file.length - used : 0);
	decompress_free(&run->decompress);
	chunk_free(&run->chunk);
	mem_free(raw);
}

static void read_upload(struct run *run)
{
	struct error error = { 0 };
	int fd = upload_file_open(run->reader->config.folder, run->file.id, &error);

	if (fd < 0) {
		log_error("uploads", "%s", error.text);
		atomic_fetch_add(&run->reader->config.stats->errors, 1);
		return;
	}
	log_info("uploads", "reading id=%s ingestion=%" PRId64 " bytes=%" PRId64,
		 run->file.id, run->file.ingestion_id, run->file.length);
	read_file(run, fd);
	(void)close(fd); /* only read from */
}

/* waits for one that was not begun; false: stop */
static bool next_upload(struct upload_reader *reader, struct run *run)
{
	struct reading *at = NULL;

	pthread_mutex_lock(&reader->mutex);
	while (!reader->stopping) {
		at = reader->first;
		while (at != NULL && at->stream != 0)
			at = at->next;
		if (at != NULL)
			break;
		pthread_cond_wait(&reader->changed, &reader->mutex);
	}
	if (at != NULL) {
		at->stream = stream_next_id();
		*run = (struct run){ .reader = reader,
				     .file = at->file,
				     .cleared = reader->cleared,
				     .stream = at->stream,
				     .from = at->from };
	}
	pthread_mutex_unlock(&reader->mutex);
	return at != NULL;
}

static void *run_reader(void *context)
{
	struct run run;

	while (next_upload(context, &run))
		read_upload(&run);
	return NULL;
}

struct upload_reader *upload_reader_new(const struct upload_reader_config *config)
{
	struct upload_reader *reader = mem_calloc(1, sizeof(*reader));

	reader->config = *config;
	pthread_mutex_init(&reader->mutex, NULL);
	pthread_cond_init(&reader->changed, NULL);
	return reader;
}

int upload_reader_start(struct upload_reader *reader, struct error *error)
{
	if (thread_start(&reader->thread, "uploads", run_reader, reader, error) < 0)
		return -1;
	reader->running = true;
	return 0;
}

void upload_reader_stop(struct upload_reader *reader)
{
	if (!reader->running)
		return;
	pthread_mutex_lock(&reader->mutex);
	reader->stopping = true;
	pthread_cond_signal(&reader->changed);
	pthread_mutex_unlock(&reader->mutex);
	pthread_join(reader->thread, NULL);
	reader->running = false;
}

static void clear(struct upload_reader *reader)
{
	while (reader->first != NULL) {
		struct reading *reading = reader->first;

		reader->first = reading->next;
		mem_free(reading);
	}
	reader->cleared++;
}

void upload_reader_free(struct upload_reader **reader)
{
	if (*reader == NULL)
		return;
	upload_reader_stop(*reader);
	clear(*reader);
	pthread_cond_destroy(&(*reader)->changed);
	pthread_mutex_destroy(&(*reader)->mutex);
	mem_free(*reader);
	*reader = NULL;
}

void upload_reader_add(struct upload_reader *reader, const struct upload_file *file,
		       int64_t from)
{
	struct reading *reading = mem_calloc(1, sizeof(*reading));
	struct reading **at = &reader->first;

	*reading = (struct reading){ .file = *file, .from = from, .end = -1 };
	pthread_mutex_lock(&reader->mutex);
	while (*at != NULL)
		at = &(*at)->next;
	*at = reading;
	pthread_cond_signal(&reader->changed);
	pthread_mutex_unlock(&reader->mutex);
}

void upload_reader_clear(struct upload_reader *reader)
{
	pthread_mutex_lock(&reader->mutex);
	clear(reader);
	pthread_mutex_unlock(&reader->mutex);
}

bool upload_reader_finished(struct upload_reader *reader, uint64_t stream,
			    int64_t offset, char id[UPLOAD_ID_LEN + 1])
{
	bool finished = false;

	pthread_mutex_lock(&reader->mutex);
	for (struct reading **at = &reader->first; *at != NULL; at = &(*at)->next) {
		struct reading *reading = *at;

		if (reading->stream != stream)
			continue;
		finished = reading->end >= 0 && offset >= reading->end;
		if (finished) {
			memcpy(id, reading->file.id, UPLOAD_ID_LEN + 1);
			*at = reading->next;
			mem_free(reading);
		}
		break;
	}
	pthread_mutex_unlock(&reader->mutex);
	return finished;
}
