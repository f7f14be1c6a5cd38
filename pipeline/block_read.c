/* block_read.c - decodes blocks, trusting no byte of them
 *
 * The checksum finds damage; the checks of every length and code behind it keep a block
 * that was made to do harm from reading or writing out of bounds, or from taking more
 * memory than its size can justify.
 */
#include "pipeline/block.h"

#include <assert.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_columns.h"
#include "pipeline/block_format.h"
#include "pipeline/block_frame.h"

#define NO_FRAME UINT32_MAX

struct block_reader {
	struct block_columns columns;
	struct buf texts; /* the columns decompressed; their texts lie in it */
	struct block_frame_texts frame; /* the texts of the one opened last */
	uint32_t open_frame;
	struct buf
		*kept; /* by frame: its texts once it was opened; NULL: none is kept */
};

static int check_header(struct slice meta, struct error *error)
{
	uint32_t version = 0;

	if (meta.len < BLOCK_HEADER_BYTES_1)
		return error_set(error, "block: meta of %zu bytes", meta.len);
	if (!slice_starts_with(meta, SLICE(BLOCK_MAGIC)))
		return error_set(error, "block: meta begins with unknown bytes");
	version = block_load_u32(meta.ptr + BLOCK_AT_VERSION);
	if (version == 0 || version > BLOCK_VERSION)
		return error_set(error, "block: version %u is newer than this program",
				 version);
	if (version >= BLOCK_VERSION_DELTA && meta.len < BLOCK_HEADER_BYTES)
		return error_set(error, "block: meta of %zu bytes", meta.len);
	if (block_load_u64(meta.ptr + BLOCK_AT_CHECKSUM) !=
	    hash64(slice_from(meta, BLOCK_AT_COUNT), version))
		return error_set(error, "block: the checksum of meta does not match");
	if (block_load_u32(meta.ptr + BLOCK_AT_DICTIONARY) != 0)
		return error_set(error, "block: dictionary %u is not known",
				 block_load_u32(meta.ptr + BLOCK_AT_DICTIONARY));
	return 0;
}

/* parts what lies behind the header: the columns, and the base texts, which stay packed
 * until one is needed */
static struct slice packed_columns(struct block_reader *reader, struct slice meta)
{
	struct slice columns = { 0 };
	size_t len = 0;

	if (reader->columns.version < BLOCK_VERSION_DELTA)
		return slice_from(meta, BLOCK_HEADER_BYTES_1);
	columns = slice_from(meta, BLOCK_HEADER_BYTES);
	len = block_load_u32(meta.ptr + BLOCK_AT_COLUMNS_PACKED);
	reader->frame.bases_len = block_load_u32(meta.ptr + BLOCK_AT_BASES_LEN);
	buf_append_slice(&reader->frame.bases_packed, slice_from(columns, len));
	return slice_head(columns, len);
}

static int reader_fill(struct block_reader *reader, struct slice meta,
		       struct error *error)
{
	reader->columns.version = block_load_u32(meta.ptr + BLOCK_AT_VERSION);
	reader->columns.count = block_load_u32(meta.ptr + BLOCK_AT_COUNT);
	reader->columns.frames_count = block_load_u32(meta.ptr + BLOCK_AT_FRAMES);
	reader->columns.body_len = (size_t)block_load_u64(meta.ptr + BLOCK_AT_BODY_LEN);
	if (reader->columns.count == 0 || reader->columns.count > BLOCK_EVENTS_MAX)
		return error_set(error, "block: %u events", reader->columns.count);
	if (reader->columns.frames_count > reader->columns.count)
		return error_set(error, "block: %u frames for %u events",
				 reader->columns.frames_count, reader->columns.count);
	if (block_decompress(packed_columns(reader, meta),
			     block_load_u32(meta.ptr + BLOCK_AT_COLUMNS_LEN),
			     &reader->texts, error) < 0)
		return -1;
	return block_columns_read(&reader->columns, buf_slice(&reader->texts), error);
}

int block_reader_open(struct slice meta, struct block_reader **out, struct error *error)
{
	struct block_reader *reader = NULL;

	*out = NULL;
	if (check_header(meta, error) < 0)
		return -1;
	reader = mem_calloc(1, sizeof(*reader));
	reader->open_frame = NO_FRAME;
	reader->frame.columns = &reader->columns;
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
	for (uint32_t i = 0; reader->kept != NULL && i < reader->columns.frames_count;
	     i++)
		buf_deinit(&reader->kept[i]);
	mem_free(reader->kept);
	buf_deinit(&reader->texts);
	block_columns_deinit(&reader->columns);
	block_frame_deinit(&reader->frame);
	mem_free(reader);
	*reader_ptr = NULL;
}

void block_reader_keep_frames(struct block_reader *reader)
{
	if (reader->kept == NULL)
		reader->kept =
			mem_calloc(reader->columns.frames_count, sizeof(*reader->kept));
}

bool block_reader_has_frame(const struct block_reader *reader, uint32_t frame)
{
	assert(frame < reader->columns.frames_count);
	/* an opened one has room for texts, even when they have no bytes */
	return reader->kept == NULL ? reader->open_frame == frame
				    : reader->kept[frame].data != NULL;
}

size_t block_reader_memory(const struct block_reader *reader)
{
	const struct block_frame_texts *frame = &reader->frame;
	size_t bytes = sizeof(*reader) +
		       reader->columns.count * sizeof(*reader->columns.events) +
		       reader->columns.frames_count * sizeof(*reader->columns.frames) +
		       reader->texts.capacity + frame->bases_packed.capacity +
		       frame->bases.capacity + frame->unpacked.capacity +
		       frame->open.capacity;

	if (frame->known != NULL)
		bytes += reader->columns.templates_count * sizeof(*frame->known);
	for (uint32_t i = 0; reader->kept != NULL && i < reader->columns.frames_count;
	     i++)
		bytes += sizeof(*reader->kept) + reader->kept[i].capacity;
	return bytes;
}

uint32_t block_reader_count(const struct block_reader *reader)
{
	return reader->columns.count;
}

static struct slice optional_text(const struct column_texts *texts, uint32_t code)
{
	return code == 0 ? slice_of(NULL, 0) : texts->items[code - 1];
}

void block_reader_columns(const struct block_reader *reader, uint32_t index,
			  struct block_event *out)
{
	const struct column_event *event = &reader->columns.events[index];

	assert(index < reader->columns.count);
	*out = (struct block_event){
		.timestamp_us = event->timestamp_us,
		.observed_timestamp_us = event->observed_timestamp_us,
		.severity = (enum severity)event->severity,
		.format = event->format,
		.fingerprint = event->fingerprint,
		.template_key = event->template_key,
		.service_name =
			optional_text(&reader->columns.services, event->service),
		.host_name = optional_text(&reader->columns.hosts, event->host),
	};
}

uint64_t block_reader_template(const struct block_reader *reader, uint32_t index)
{
	assert(index < reader->columns.count);
	return reader->columns.events[index].template_key;
}

uint32_t block_reader_frame_count(const struct block_reader *reader)
{
	return reader->columns.frames_count;
}

void block_reader_frame(const struct block_reader *reader, uint32_t frame,
			struct block_frame *out)
{
	assert(frame < reader->columns.frames_count);
	*out = reader->columns.frames[frame].place;
}

uint32_t block_reader_frame_of(const struct block_reader *reader, uint32_t index)
{
	assert(index < reader->columns.count);
	return reader->columns.events[index].frame;
}

/* makes the frame's texts the open ones */
static int open_frame(struct block_reader *reader, const struct block_part *part,
		      uint32_t number, struct error *error)
{
	const struct column_frame *frame = &reader->columns.frames[number];
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
	if (block_frame_open(&reader->frame, frame, packed, error) < 0)
		return -1;
	if (reader->kept == NULL) {
		reader->open_frame = number;
		return 0;
	}
	reader->kept[number] = reader->frame.open;
	reader->frame.open = (struct buf){ 0 };
	return 0;
}

int block_reader_raw_part(struct block_reader *reader, const struct block_part *part,
			  uint32_t index, struct block_event *out, struct error *error)
{
	const struct column_event *event = &reader->columns.events[index];
	const char *raw = NULL;

	assert(index < reader->columns.count);
	if (!block_reader_has_frame(reader, event->frame) &&
	    open_frame(reader, part, event->frame, error) < 0)
		return -1;
	raw = reader->kept == NULL ? reader->frame.open.data
				   : reader->kept[event->frame].data;
	raw += event->offset;
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
