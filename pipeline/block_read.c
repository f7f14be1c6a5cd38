/* block_read.c - decodes blocks, trusting no byte of them
 *
 * The checksum finds damage; the checks of every length and code behind it keep a block
 * that was made to do harm from reading or writing out of bounds, or from taking more
 * memory than its size can justify. All columns are decoded and checked by open, so
 * that later look-ups cannot fail.
 */
#include "pipeline/block.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/compiler.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_format.h"

#define NO_FRAME UINT32_MAX

/* what is still unread of a column; bad once anything did not fit, then len is 0 */
struct cursor {
	struct slice rest;
	bool bad;
};

struct frame {
	struct block_frame place;
	uint64_t checksum;
	size_t bytes; /* when decompressed */
};

struct column_event {
	int64_t timestamp_us;
	int64_t observed_timestamp_us;
	uint64_t template_key;
	uint64_t fingerprint;
	uint32_t service; /* 0: none, else index + 1 */
	uint32_t host;
	size_t raw_len;
	size_t extra_len;
	size_t offset; /* of raw in its decompressed frame; extra lies behind it */
	uint32_t frame;
	uint8_t severity;
	uint8_t format;
};

struct texts {
	struct slice *items;
	uint32_t count;
};

struct numbers {
	struct slice bytes; /* 8 each, little endian */
	uint32_t count;
};

struct block_reader {
	uint32_t count;
	uint32_t frames_count;
	size_t body_len;
	ZSTD_DCtx *zstd;
	struct buf columns; /* decompressed; the texts lie in it */
	struct column_event *events;
	struct frame *frames;
	struct texts services;
	struct texts hosts;
	struct buf open; /* the frame that was decompressed last */
	uint32_t open_frame;
};

static uint32_t load_u32(const char *bytes)
{
	uint32_t value = 0;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static uint64_t load_u64(const char *bytes)
{
	uint64_t value = 0;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

static void cursor_fail(struct cursor *cursor)
{
	cursor->rest.len = 0;
	cursor->bad = true;
}

static struct slice take_bytes(struct cursor *cursor, uint64_t len)
{
	struct slice taken = slice_head(cursor->rest, (size_t)len);

	if (len > cursor->rest.len) {
		cursor_fail(cursor);
		return cursor->rest;
	}
	cursor->rest = slice_of(cursor->rest.ptr + len, cursor->rest.len - len);
	return taken;
}

static uint64_t take_long_varint(struct cursor *cursor)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < cursor->rest.len && i < 10; i++) {
		uint64_t byte = (unsigned char)cursor->rest.ptr[i];

		value |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			cursor->rest.ptr += i + 1;
			cursor->rest.len -= i + 1;
			return value;
		}
	}
	cursor_fail(cursor);
	return 0;
}

/* most numbers are of one byte */
static inline uint64_t take_varint(struct cursor *cursor)
{
	if (LIKELY(cursor->rest.len > 0 && (*cursor->rest.ptr & 0x80) == 0)) {
		cursor->rest.len--;
		return (unsigned char)*cursor->rest.ptr++;
	}
	return take_long_varint(cursor);
}

/* a number of at most max; a larger one is bad */
static uint64_t take_bounded(struct cursor *cursor, uint64_t max)
{
	uint64_t value = take_varint(cursor);

	if (value > max) {
		cursor_fail(cursor);
		return 0;
	}
	return value;
}

static void take_texts(struct cursor *cursor, struct texts *texts)
{
	texts->count = (uint32_t)take_bounded(cursor, BLOCK_EVENTS_MAX);
	texts->items = mem_calloc(texts->count, sizeof(*texts->items));
	for (uint32_t i = 0; i < texts->count; i++)
		texts->items[i] = take_bytes(cursor, take_varint(cursor));
}

static struct numbers take_numbers(struct cursor *cursor)
{
	struct numbers numbers = { 0 };

	numbers.count = (uint32_t)take_bounded(cursor, BLOCK_EVENTS_MAX);
	numbers.bytes = take_bytes(cursor, (uint64_t)numbers.count * 8);
	if (cursor->bad)
		numbers.count = 0;
	return numbers;
}

static uint64_t number_at(const struct numbers *numbers, uint64_t index)
{
	return load_u64(numbers->bytes.ptr + index * 8);
}

static void read_kinds(struct block_reader *reader, struct cursor *cursor)
{
	struct slice kinds = take_bytes(cursor, reader->count);

	for (uint32_t i = 0; i < kinds.len; i++) {
		uint8_t kind = (uint8_t)kinds.ptr[i];

		if ((kind & ~(BLOCK_KIND_SEVERITY | BLOCK_KIND_NO_TIMESTAMP)) != 0)
			cursor_fail(cursor);
		reader->events[i].severity = kind & BLOCK_KIND_SEVERITY;
		/* which of them have one decides how the next column is read */
		reader->events[i].timestamp_us =
			(kind & BLOCK_KIND_NO_TIMESTAMP) != 0 ? TIMESTAMP_NONE : 0;
	}
}

static void read_formats(struct block_reader *reader, struct cursor *cursor)
{
	struct slice formats = take_bytes(cursor, reader->count);

	for (uint32_t i = 0; i < formats.len; i++)
		reader->events[i].format = (uint8_t)formats.ptr[i];
}

static void read_timestamps(struct block_reader *reader, struct cursor *cursor)
{
	uint64_t time = 0;

	for (uint32_t i = 0; i < reader->count; i++) {
		if (reader->events[i].timestamp_us == TIMESTAMP_NONE)
			continue;
		time += zigzag_decode(take_varint(cursor));
		reader->events[i].timestamp_us = (int64_t)time;
	}
}

static void read_observed(struct block_reader *reader, struct cursor *cursor)
{
	uint64_t time = 0;

	for (uint32_t i = 0; i < reader->count; i++) {
		time += zigzag_decode(take_varint(cursor));
		reader->events[i].observed_timestamp_us = (int64_t)time;
	}
}

static void read_services(struct block_reader *reader, struct cursor *cursor)
{
	take_texts(cursor, &reader->services);
	for (uint32_t i = 0; i < reader->count; i++)
		reader->events[i].service =
			(uint32_t)take_bounded(cursor, reader->services.count);
}

static void read_hosts(struct block_reader *reader, struct cursor *cursor)
{
	take_texts(cursor, &reader->hosts);
	for (uint32_t i = 0; i < reader->count; i++)
		reader->events[i].host =
			(uint32_t)take_bounded(cursor, reader->hosts.count);
}

static void read_templates(struct block_reader *reader, struct cursor *cursor)
{
	struct numbers numbers = take_numbers(cursor);

	if (numbers.count == 0) {
		cursor_fail(cursor);
		return;
	}
	for (uint32_t i = 0; i < reader->count; i++)
		reader->events[i].template_key =
			number_at(&numbers, take_bounded(cursor, numbers.count - 1));
}

static void read_fingerprints(struct block_reader *reader, struct cursor *cursor)
{
	struct numbers numbers = take_numbers(cursor);

	for (uint32_t i = 0; i < reader->count; i++) {
		struct column_event *event = &reader->events[i];
		uint64_t code = take_bounded(cursor, numbers.count);

		event->fingerprint =
			code == 0 ? event->template_key : number_at(&numbers, code - 1);
	}
}

static void read_raw_lengths(struct block_reader *reader, struct cursor *cursor)
{
	for (uint32_t i = 0; i < reader->count; i++)
		reader->events[i].raw_len =
			(size_t)take_bounded(cursor, BLOCK_EVENT_BYTES_MAX);
}

static void read_extra_lengths(struct block_reader *reader, struct cursor *cursor)
{
	for (uint32_t i = 0; i < reader->count; i++)
		reader->events[i].extra_len =
			(size_t)take_bounded(cursor, BLOCK_EVENT_BYTES_MAX);
}

/* gives the events of a frame their places in it; the sum of their bytes */
static size_t place_events(struct block_reader *reader, uint32_t frame)
{
	const struct block_frame *place = &reader->frames[frame].place;
	size_t offset = 0;

	for (uint32_t i = place->first; i < place->first + place->count; i++) {
		struct column_event *event = &reader->events[i];

		event->frame = frame;
		event->offset = offset;
		offset += event->raw_len + event->extra_len;
	}
	return offset;
}

static void read_frames(struct block_reader *reader, struct cursor *cursor)
{
	uint32_t first = 0;
	size_t offset = 0;

	for (uint32_t i = 0; i < reader->frames_count; i++) {
		struct frame *frame = &reader->frames[i];
		struct slice checksum = { 0 };

		frame->place.first = first;
		frame->place.offset = offset;
		frame->place.count =
			(uint32_t)take_bounded(cursor, reader->count - first);
		frame->place.len =
			(size_t)take_bounded(cursor, reader->body_len - offset);
		checksum = take_bytes(cursor, 8);
		if (cursor->bad || frame->place.count == 0) {
			cursor_fail(cursor);
			return;
		}
		frame->checksum = load_u64(checksum.ptr);
		frame->bytes = place_events(reader, i);
		first += frame->place.count;
		offset += frame->place.len;
	}
	if (first != reader->count || offset != reader->body_len)
		cursor_fail(cursor);
}

typedef void read_column_fn(struct block_reader *reader, struct cursor *cursor);

static read_column_fn *const column_readers[BLOCK_COLUMN_COUNT] = {
	[BLOCK_COLUMN_KINDS] = read_kinds,
	[BLOCK_COLUMN_FORMATS] = read_formats,
	[BLOCK_COLUMN_TIMESTAMPS] = read_timestamps,
	[BLOCK_COLUMN_OBSERVED] = read_observed,
	[BLOCK_COLUMN_SERVICES] = read_services,
	[BLOCK_COLUMN_HOSTS] = read_hosts,
	[BLOCK_COLUMN_TEMPLATES] = read_templates,
	[BLOCK_COLUMN_FINGERPRINTS] = read_fingerprints,
	[BLOCK_COLUMN_RAW_LENGTHS] = read_raw_lengths,
	[BLOCK_COLUMN_EXTRA_LENGTHS] = read_extra_lengths,
	[BLOCK_COLUMN_FRAMES] = read_frames,
};

static int read_columns(struct block_reader *reader, struct error *error)
{
	const size_t lengths_bytes = (size_t)BLOCK_COLUMN_COUNT * 8;
	struct cursor columns = { .rest = buf_slice(&reader->columns) };
	const char *lengths = NULL;

	if (columns.rest.len < lengths_bytes)
		return error_set(error, "block: columns are cut short");
	columns.rest.len -= lengths_bytes;
	lengths = columns.rest.ptr + columns.rest.len;
	for (unsigned i = 0; i < BLOCK_COLUMN_COUNT; i++) {
		uint64_t len = load_u64(lengths + (size_t)i * 8);
		struct cursor column = { .rest = take_bytes(&columns, len) };

		if (!columns.bad)
			column_readers[i](reader, &column);
		if (columns.bad || column.bad || column.rest.len > 0)
			return error_set(error, "block: column %u is malformed", i);
	}
	if (columns.rest.len > 0)
		return error_set(error, "block: bytes behind the last column");
	return 0;
}

/* exactly len bytes out of one zstd frame */
static int decompress(struct block_reader *reader, struct slice packed, size_t len,
		      struct buf *out, struct error *error)
{
	size_t result = 0;

	buf_clear(out);
	if (len > BLOCK_DECOMPRESSED_MAX || len / BLOCK_EXPANSION_MAX > packed.len)
		return error_set(error, "block: %zu bytes cannot hold %zu", packed.len,
				 len);
	buf_reserve(out, len + 1);
	result = ZSTD_decompressDCtx(reader->zstd, out->data, len, packed.ptr,
				     packed.len);
	if (ZSTD_isError(result))
		return error_set(error, "block: zstd: %s", ZSTD_getErrorName(result));
	if (result != len)
		return error_set(error, "block: %zu bytes instead of %zu", result, len);
	out->len = len;
	return 0;
}

static int check_header(struct slice meta, struct error *error)
{
	uint32_t version = 0;

	if (meta.len < BLOCK_HEADER_BYTES)
		return error_set(error, "block: meta of %zu bytes", meta.len);
	if (!slice_starts_with(meta, SLICE(BLOCK_MAGIC)))
		return error_set(error, "block: meta begins with unknown bytes");
	version = load_u32(meta.ptr + BLOCK_AT_VERSION);
	if (version != BLOCK_VERSION)
		return error_set(error, "block: version %u is newer than this program",
				 version);
	if (load_u64(meta.ptr + BLOCK_AT_CHECKSUM) !=
	    hash64(slice_from(meta, BLOCK_AT_COUNT), version))
		return error_set(error, "block: the checksum of meta does not match");
	if (load_u32(meta.ptr + BLOCK_AT_DICTIONARY) != 0)
		return error_set(error, "block: dictionary %u is not known",
				 load_u32(meta.ptr + BLOCK_AT_DICTIONARY));
	return 0;
}

static int reader_fill(struct block_reader *reader, struct slice meta,
		       struct error *error)
{
	reader->count = load_u32(meta.ptr + BLOCK_AT_COUNT);
	reader->frames_count = load_u32(meta.ptr + BLOCK_AT_FRAMES);
	reader->body_len = (size_t)load_u64(meta.ptr + BLOCK_AT_BODY_LEN);
	if (reader->count == 0 || reader->count > BLOCK_EVENTS_MAX)
		return error_set(error, "block: %u events", reader->count);
	if (reader->frames_count > reader->count)
		return error_set(error, "block: %u frames for %u events",
				 reader->frames_count, reader->count);
	reader->events = mem_calloc(reader->count, sizeof(*reader->events));
	reader->frames = mem_calloc(reader->frames_count, sizeof(*reader->frames));
	if (decompress(reader, slice_from(meta, BLOCK_HEADER_BYTES),
		       load_u32(meta.ptr + BLOCK_AT_COLUMNS_LEN), &reader->columns,
		       error) < 0)
		return -1;
	return read_columns(reader, error);
}

int block_reader_open(struct slice meta, struct block_reader **out, struct error *error)
{
	struct block_reader *reader = NULL;

	*out = NULL;
	if (check_header(meta, error) < 0)
		return -1;
	reader = mem_calloc(1, sizeof(*reader));
	reader->open_frame = NO_FRAME;
	reader->zstd = ZSTD_createDCtx();
	if (reader->zstd == NULL)
		abort(); /* out of memory */
	if (reader_fill(reader, meta, error) < 0) {
		block_reader_free(&reader);
		return -1;
	}
	*out = reader;
	return 0;
}

void block_reader_free(struct block_reader **reader_ptr)
{
	struct block_reader *reader = *reader_ptr;

	if (reader == NULL)
		return;
	(void)ZSTD_freeDCtx(reader->zstd); /* fails for static contexts only */
	buf_deinit(&reader->columns);
	buf_deinit(&reader->open);
	mem_free(reader->events);
	mem_free(reader->frames);
	mem_free(reader->services.items);
	mem_free(reader->hosts.items);
	mem_free(reader);
	*reader_ptr = NULL;
}

uint32_t block_reader_count(const struct block_reader *reader)
{
	return reader->count;
}

static struct slice optional_text(const struct texts *texts, uint32_t code)
{
	return code == 0 ? slice_of(NULL, 0) : texts->items[code - 1];
}

void block_reader_columns(const struct block_reader *reader, uint32_t index,
			  struct block_event *out)
{
	const struct column_event *event = &reader->events[index];

	assert(index < reader->count);
	*out = (struct block_event){
		.timestamp_us = event->timestamp_us,
		.observed_timestamp_us = event->observed_timestamp_us,
		.severity = (enum severity)event->severity,
		.format = event->format,
		.fingerprint = event->fingerprint,
		.template_key = event->template_key,
		.service_name = optional_text(&reader->services, event->service),
		.host_name = optional_text(&reader->hosts, event->host),
	};
}

uint32_t block_reader_frame_count(const struct block_reader *reader)
{
	return reader->frames_count;
}

void block_reader_frame(const struct block_reader *reader, uint32_t frame,
			struct block_frame *out)
{
	assert(frame < reader->frames_count);
	*out = reader->frames[frame].place;
}

uint32_t block_reader_frame_of(const struct block_reader *reader, uint32_t index)
{
	assert(index < reader->count);
	return reader->events[index].frame;
}

/* makes the frame's bytes the open ones */
static int open_frame(struct block_reader *reader, const struct block_part *part,
		      uint32_t number, struct error *error)
{
	const struct frame *frame = &reader->frames[number];
	struct slice packed = { 0 };

	reader->open_frame = NO_FRAME;
	if (frame->place.offset < part->offset)
		return error_set(error, "block: the body's part begins too late");
	packed = slice_head(slice_from(part->bytes, frame->place.offset - part->offset),
			    frame->place.len);
	if (packed.len < frame->place.len)
		return error_set(error, "block: the body is cut short");
	if (hash64(packed, 0) != frame->checksum)
		return error_set(error,
				 "block: the checksum of frame %u does not match",
				 number);
	if (decompress(reader, packed, frame->bytes, &reader->open, error) < 0)
		return -1;
	reader->open_frame = number;
	return 0;
}

int block_reader_raw_part(struct block_reader *reader, const struct block_part *part,
			  uint32_t index, struct block_event *out, struct error *error)
{
	const struct column_event *event = &reader->events[index];
	const char *raw = NULL;

	assert(index < reader->count);
	if (event->frame != reader->open_frame &&
	    open_frame(reader, part, event->frame, error) < 0)
		return -1;
	raw = reader->open.data + event->offset;
	out->raw = slice_of(raw, event->raw_len);
	out->extra = slice_of(raw + event->raw_len, event->extra_len);
	return 0;
}

int block_reader_raw(struct block_reader *reader, struct slice body, uint32_t index,
		     struct block_event *out, struct error *error)
{
	const struct block_part whole = { .bytes = body };

	return block_reader_raw_part(reader, &whole, index, out, error);
}
