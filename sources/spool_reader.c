/* spool_reader.c - durable frames to chunks, without copying
 *
 * A run of the segment is read straight into the chunk's data, headers and all; the
 * items point at the payloads. What is no frame is skipped up to the next one, and the
 * item behind it carries the gap.
 */
#include "sources/spool_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "sources/spool_format.h"
#include "sources/spool_segment.h"

#define RETRY_MS 200

struct spool_reader {
	struct spool_reader_config config;
	pthread_t thread;
	bool running;
	/* the thread's */
	struct position at;
	struct position began; /* where this stream began */
	uint64_t gap;          /* bytes skipped that no item has told of yet */
	bool opened;           /* a chunk of this stream was put */
	uint64_t reading;      /* the stream */
	struct position first; /* where the first stream began; set once */
	/* shared */
	pthread_mutex_t mutex;
	bool stopping;
	bool rewind;
	struct position rewind_to;
	uint64_t stream; /* 0: a rewind is due */
};

void spool_stream_name(size_t partition, char out[SPOOL_STREAM_NAME_MAX])
{
	(void)snprintf(out, SPOOL_STREAM_NAME_MAX, "partition-%zu", partition);
}

static void note_gap(struct spool_reader *reader, uint64_t bytes, const char *why)
{
	if (bytes == 0)
		return;
	log_error("spool", "%s partition=%zu offset=%" PRId64 " bytes=%" PRIu64, why,
		  reader->config.partition, reader->at.offset, bytes);
	reader->gap += bytes;
	atomic_fetch_add(&reader->config.stats->skipped_bytes, bytes);
	atomic_fetch_add(&reader->config.stats->errors, 1);
}

static struct chunk_item *add_item(struct spool_reader *reader, struct chunk *chunk)
{
	struct chunk_item *item = chunk_add_item(chunk);

	item->begin = reader->at;
	item->flags = CHUNK_ITEM_FRAMED;
	if (reader->gap > 0) {
		item->flags |= CHUNK_ITEM_GAP;
		item->skipped = reader->gap;
		reader->gap = 0;
	}
	return item;
}

/* an item of no bytes and of a substream that ends at once */
static void add_gap(struct spool_reader *reader, struct chunk *chunk)
{
	struct chunk_item *item = add_item(reader, chunk);

	item->end = reader->at;
	item->flags |= CHUNK_ITEM_END;
}

/* a reason of a later siftd is none that we know, and still a loss */
static void set_loss(struct chunk_item *item, struct slice payload)
{
	struct spool_loss loss = { 0 };

	if (!spool_loss_read(payload, &loss))
		loss.bytes = payload.len;
	item->flags |= CHUNK_ITEM_DROPPED;
	item->reason = drop_reason_named(loss.reason);
	if (item->reason == DROP_REASONS)
		item->reason = DROP_UNREADABLE;
	item->dropped = loss.records;
	item->skipped = loss.bytes;
}

static struct chunk_item *add_bytes(struct spool_reader *reader, struct chunk *chunk,
				    const struct spool_frame *frame, struct slice bytes)
{
	struct chunk_item *item = add_item(reader, chunk);

	item->offset = (size_t)(bytes.ptr - chunk->data);
	item->len = bytes.len;
	item->substream = frame->substream;
	item->project_id = frame->project_id;
	item->ingestion_id = frame->ingestion_id;
	item->observed_timestamp_us = frame->observed_timestamp_us;
	if ((frame->flags & SPOOL_FRAME_WHOLE_RECORD) != 0)
		item->flags |= CHUNK_ITEM_WHOLE_RECORD;
	return item;
}

static void add_frame(struct spool_reader *reader, struct chunk *chunk,
		      const struct spool_frame *frame, size_t size)
{
	struct chunk_item *item = NULL;
	struct slice rest = slice_from(frame->payload, (size_t)reader->at.inner);

	/* an item has one reason */
	if (reader->gap > 0 && (frame->flags & SPOOL_FRAME_LOSS) != 0)
		add_gap(reader, chunk);
	item = add_bytes(reader, chunk, frame, rest);
	if ((frame->flags & SPOOL_FRAME_LOSS) != 0)
		set_loss(item, frame->payload);
	if ((frame->flags & SPOOL_FRAME_END) != 0)
		item->flags |= CHUNK_ITEM_END;
	reader->at = (struct position){ reader->at.offset + (int64_t)size, 0 };
	item->end = reader->at;
}

static void skip(struct spool_reader *reader, uint64_t bytes, const char *why)
{
	note_gap(reader, bytes, why);
	reader->at = (struct position){ reader->at.offset + (int64_t)(bytes), 0 };
}

/* an item each, which begins at its length */
static void add_records(struct spool_reader *reader, struct chunk *chunk,
			const struct spool_frame *frame, size_t size)
{
	struct slice rest = slice_from(frame->payload, (size_t)reader->at.inner);
	const struct position behind = { reader->at.offset + (int64_t)size, 0 };
	struct slice record = { 0 };

	while (spool_record_read(&rest, &record)) {
		struct chunk_item *item = add_bytes(reader, chunk, frame, record);

		reader->at.inner = (int64_t)(frame->payload.len - rest.len);
		if (rest.len == 0)
			reader->at = behind;
		item->end = reader->at;
	}
	note_gap(reader, rest.len, "no records");
	reader->at = behind;
}

/* to_end: no more of this segment is there. The bytes used, which is 0 when a frame is
 * larger than the chunk */
static size_t cut_frames(struct spool_reader *reader, struct chunk *chunk, bool to_end)
{
	struct slice bytes = slice_of(chunk->data, chunk->data_len);
	size_t used = 0;

	while (used < bytes.len) {
		struct slice rest = slice_from(bytes, used);
		uint64_t offset = (uint64_t)reader->at.offset;
		struct spool_frame frame;
		ssize_t n = spool_frame_read(rest, offset, &frame);

		if (n == SPOOL_PARTIAL && !to_end)
			break;
		if (n > 0 && (frame.flags & SPOOL_FRAME_HOLE) != 0) {
			skip(reader, (uint64_t)n, "damaged bytes, mended");
			used += (size_t)n;
		} else if (n > 0 && (frame.flags & SPOOL_FRAME_RECORDS) != 0) {
			add_records(reader, chunk, &frame, (size_t)n);
			used += (size_t)n;
		} else if (n > 0) {
			add_frame(reader, chunk, &frame, (size_t)n);
			used += (size_t)n;
		} else {
			size_t lost = spool_frame_skip(rest, offset);

			skip(reader, lost, "corrupt frame skipped");
			used += lost;
		}
	}
	return used;
}

/* false: the daemon stops */
static bool put(struct spool_reader *reader, struct chunk *chunk)
{
	if (!reader->opened) {
		char name[SPOOL_STREAM_NAME_MAX];

		spool_stream_name(reader->config.partition, name);
		chunk->open = stream_info_new(reader->config.host_id,
					      reader->config.source, name, "{}");
		chunk->open->begin = reader->began;
		reader->opened = true;
	}
	chunk->stream = reader->reading;
	if (reader->config.sink->put(reader->config.sink->context, chunk))
		return true;
	chunk_free(&chunk);
	return false;
}

/* the next run of bytes of the piece, in a chunk; NULL when it cannot be read */
static struct chunk *read_run(struct spool_reader *reader,
			      const struct spool_piece *piece, size_t room)
{
	uint64_t left = piece->end - (uint64_t)reader->at.offset;
	struct chunk *chunk = NULL;
	ssize_t n = 0;

	if (left < room)
		room = (size_t)left;
	chunk = chunk_new(0, room);
	n = spool_segment_read(piece->fd, chunk->data, room,
			       reader->at.offset - (int64_t)piece->base);
	if (n < 0) {
		log_warn("spool", "read failed partition=%zu errno=%d",
			 reader->config.partition, errno);
		atomic_fetch_add(&reader->config.stats->errors, 1);
		chunk_free(&chunk);
		return NULL;
	}
	chunk->data_len = (size_t)n;
	return chunk;
}

static size_t room_for(const struct spool_reader *reader, const struct chunk *chunk)
{
	return spool_frame_size(slice_of(chunk->data, chunk->data_len),
				(uint64_t)reader->at.offset);
}

/* one chunk of the piece. false: the daemon stops, or reading failed */
static bool read_chunk(struct spool_reader *reader, const struct spool_piece *piece)
{
	struct chunk *chunk = read_run(reader, piece, CHUNK_BYTES_MAX);
	uint64_t begin = (uint64_t)reader->at.offset;
	size_t used = 0;

	if (chunk == NULL)
		return false;
	used = cut_frames(reader, chunk, begin + chunk->data_len >= piece->end);
	if (used == 0 && chunk->data_len == CHUNK_BYTES_MAX) {
		size_t room = room_for(reader, chunk);

		chunk_free(&chunk);
		chunk = read_run(reader, piece, room);
		if (chunk == NULL)
			return false;
		used = cut_frames(reader, chunk, true);
	}
	if (used == 0) /* the file is shorter than what was made durable */
		skip(reader, piece->end - begin, "segment is too short");
	if (reader->gap > 0 && (uint64_t)reader->at.offset >= piece->end)
		add_gap(reader, chunk);
	if (chunk->items_count == 0) {
		chunk_free(&chunk);
		return true;
	}
	return put(reader, chunk);
}

static bool interrupted(struct spool_reader *reader)
{
	bool interrupted = false;

	pthread_mutex_lock(&reader->mutex);
	interrupted = reader->stopping || reader->rewind;
	pthread_mutex_unlock(&reader->mutex);
	return interrupted;
}

/* false: the daemon stops, or reading failed */
static bool read_piece(struct spool_reader *reader)
{
	struct spool_piece piece = { 0 };
	struct error error;
	bool good = true;

	if (spool_log_piece(reader->config.log, (uint64_t)reader->at.offset, &piece,
			    &error) < 0) {
		log_warn("spool", "%s", error.text);
		atomic_fetch_add(&reader->config.stats->errors, 1);
		return false;
	}
	if (piece.begin > (uint64_t)reader->at.offset)
		skip(reader, piece.begin - (uint64_t)reader->at.offset,
		     "segment is missing");
	while (good && (uint64_t)reader->at.offset < piece.end && !interrupted(reader))
		good = read_chunk(reader, &piece);
	(void)close(piece.fd); /* only read from */
	return good;
}

/* false: stop */
static bool take_orders(struct spool_reader *reader)
{
	bool stopping = false;

	pthread_mutex_lock(&reader->mutex);
	if (reader->rewind) {
		reader->rewind = false;
		reader->at = reader->rewind_to;
		reader->began = reader->rewind_to;
		reader->gap = 0;
		reader->opened = false;
		reader->reading = stream_next_id();
		reader->stream = reader->reading;
	}
	stopping = reader->stopping;
	pthread_mutex_unlock(&reader->mutex);
	return !stopping;
}

static void *run(void *context)
{
	struct spool_reader *reader = context;

	while (take_orders(reader)) {
		if (!spool_log_wait(reader->config.log, (uint64_t)reader->at.offset))
			continue;
		/* a put that failed means stopping soon; a read is tried again */
		if (!read_piece(reader) && !interrupted(reader))
			(void)poll(NULL, 0, RETRY_MS);
	}
	return NULL;
}

struct spool_reader *spool_reader_new(const struct spool_reader_config *config)
{
	struct spool_reader *reader = mem_calloc(1, sizeof(*reader));

	reader->config = *config;
	pthread_mutex_init(&reader->mutex, NULL);
	return reader;
}

int spool_reader_start(struct spool_reader *reader, struct position from,
		       struct error *error)
{
	sigset_t all;
	sigset_t before;
	int status = 0;

	reader->rewind = true;
	reader->rewind_to = from;
	reader->first = from;
	/* signals are the loop's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(&reader->thread, NULL, run, reader);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = status;
	if (status != 0)
		return error_set_errno(error, "spool: pthread_create");
	(void)pthread_setname_np(reader->thread, "spool_read"); /* a comfort only */
	reader->running = true;
	return 0;
}

void spool_reader_stop(struct spool_reader *reader)
{
	if (!reader->running)
		return;
	pthread_mutex_lock(&reader->mutex);
	reader->stopping = true;
	pthread_mutex_unlock(&reader->mutex);
	spool_log_interrupt(reader->config.log);
	pthread_join(reader->thread, NULL);
	reader->running = false;
}

void spool_reader_free(struct spool_reader **reader)
{
	if (*reader == NULL)
		return;
	spool_reader_stop(*reader);
	pthread_mutex_destroy(&(*reader)->mutex);
	mem_free(*reader);
	*reader = NULL;
}

void spool_reader_rewind(struct spool_reader *reader, const struct position *stored)
{
	pthread_mutex_lock(&reader->mutex);
	reader->rewind = true;
	reader->rewind_to = stored == NULL ? reader->first : *stored;
	reader->stream = 0;
	pthread_mutex_unlock(&reader->mutex);
	spool_log_interrupt(reader->config.log);
}

bool spool_reader_reads(struct spool_reader *reader, uint64_t stream)
{
	bool reads = false;

	pthread_mutex_lock(&reader->mutex);
	reads = reader->stream == stream;
	pthread_mutex_unlock(&reader->mutex);
	return reads;
}
