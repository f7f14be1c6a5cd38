/* block_columns.c - decodes columns, checking every length and code
 *
 * All are decoded at once, so that later look-ups cannot fail.
 */
#include "pipeline/block_columns.h"

#include "base/mem.h"
#include "pipeline/block_format.h"

/* what is still unread of a column; bad once anything did not fit, then len is 0 */
struct cursor {
	struct slice rest;
	bool bad;
};

struct numbers {
	struct slice bytes; /* 8 each, little endian */
	uint32_t count;
};

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

static inline uint64_t byte_at(const struct cursor *cursor, size_t index)
{
	return (unsigned char)cursor->rest.ptr[index];
}

/* most numbers are of one byte, differences of time of up to three */
static inline uint64_t take_varint(struct cursor *cursor)
{
	uint64_t value = 0;
	size_t len = 0;

	if (UNLIKELY(cursor->rest.len < 3))
		return take_long_varint(cursor);
	value = byte_at(cursor, 0);
	if (LIKELY(value < 0x80)) {
		len = 1;
	} else if (byte_at(cursor, 1) < 0x80) {
		value = (value & 0x7f) | byte_at(cursor, 1) << 7;
		len = 2;
	} else if (byte_at(cursor, 2) < 0x80) {
		value = (value & 0x7f) | (byte_at(cursor, 1) & 0x7f) << 7 |
			byte_at(cursor, 2) << 14;
		len = 3;
	} else {
		return take_long_varint(cursor);
	}
	cursor->rest.ptr += len;
	cursor->rest.len -= len;
	return value;
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

static void take_texts(struct cursor *cursor, struct column_texts *texts)
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
	return block_load_u64(numbers->bytes.ptr + index * 8);
}

static void read_kinds(struct block_columns *columns, struct cursor *cursor)
{
	struct slice kinds = take_bytes(cursor, columns->count);

	for (uint32_t i = 0; i < kinds.len; i++) {
		uint8_t kind = (uint8_t)kinds.ptr[i];

		if ((kind & ~(BLOCK_KIND_SEVERITY | BLOCK_KIND_NO_TIMESTAMP)) != 0)
			cursor_fail(cursor);
		columns->events[i].severity = kind & BLOCK_KIND_SEVERITY;
		/* which of them have one decides how the next column is read */
		columns->events[i].timestamp_us =
			(kind & BLOCK_KIND_NO_TIMESTAMP) != 0 ? TIMESTAMP_NONE : 0;
	}
}

static void read_formats(struct block_columns *columns, struct cursor *cursor)
{
	struct slice formats = take_bytes(cursor, columns->count);

	for (uint32_t i = 0; i < formats.len; i++)
		columns->events[i].format = (uint8_t)formats.ptr[i];
}

static void read_timestamps(struct block_columns *columns, struct cursor *cursor)
{
	uint64_t time = 0;

	for (uint32_t i = 0; i < columns->count; i++) {
		if (columns->events[i].timestamp_us == TIMESTAMP_NONE)
			continue;
		time += zigzag_decode(take_varint(cursor));
		columns->events[i].timestamp_us = (int64_t)time;
	}
}

static void read_observed(struct block_columns *columns, struct cursor *cursor)
{
	uint64_t time = 0;

	for (uint32_t i = 0; i < columns->count; i++) {
		time += zigzag_decode(take_varint(cursor));
		columns->events[i].observed_timestamp_us = (int64_t)time;
	}
}

static void read_services(struct block_columns *columns, struct cursor *cursor)
{
	take_texts(cursor, &columns->services);
	for (uint32_t i = 0; i < columns->count; i++)
		columns->events[i].service =
			(uint32_t)take_bounded(cursor, columns->services.count);
}

static void read_hosts(struct block_columns *columns, struct cursor *cursor)
{
	take_texts(cursor, &columns->hosts);
	for (uint32_t i = 0; i < columns->count; i++)
		columns->events[i].host =
			(uint32_t)take_bounded(cursor, columns->hosts.count);
}

static void read_templates(struct block_columns *columns, struct cursor *cursor)
{
	struct numbers numbers = take_numbers(cursor);

	if (numbers.count == 0) {
		cursor_fail(cursor);
		return;
	}
	columns->templates_count = numbers.count;
	for (uint32_t i = 0; i < columns->count; i++) {
		struct column_event *event = &columns->events[i];

		event->template_code =
			(uint32_t)take_bounded(cursor, numbers.count - 1);
		event->template_key = number_at(&numbers, event->template_code);
	}
}

static void read_fingerprints(struct block_columns *columns, struct cursor *cursor)
{
	struct numbers numbers = take_numbers(cursor);

	for (uint32_t i = 0; i < columns->count; i++) {
		struct column_event *event = &columns->events[i];
		uint64_t code = take_bounded(cursor, numbers.count);

		event->fingerprint =
			code == 0 ? event->template_key : number_at(&numbers, code - 1);
	}
}

static void read_raw_lengths(struct block_columns *columns, struct cursor *cursor)
{
	for (uint32_t i = 0; i < columns->count; i++)
		columns->events[i].raw_len =
			(uint32_t)take_bounded(cursor, BLOCK_EVENT_BYTES_MAX);
}

static void read_extra_lengths(struct block_columns *columns, struct cursor *cursor)
{
	for (uint32_t i = 0; i < columns->count; i++)
		columns->events[i].extra_len =
			(uint32_t)take_bounded(cursor, BLOCK_EVENT_BYTES_MAX);
}

static void read_bases(struct block_columns *columns, struct cursor *cursor)
{
	columns->has_base = take_bytes(cursor, columns->templates_count);
	for (size_t i = 0; i < columns->has_base.len; i++) {
		if ((unsigned char)columns->has_base.ptr[i] > 1)
			cursor_fail(cursor);
	}
}

/* gives the events of a frame their places in it; the sum of their bytes */
static size_t place_events(struct block_columns *columns, uint32_t frame)
{
	const struct block_frame *place = &columns->frames[frame].place;
	size_t offset = 0;

	for (uint32_t i = place->first; i < place->first + place->count; i++) {
		struct column_event *event = &columns->events[i];

		event->frame = frame;
		/* cut only where the sum is more than a frame may hold */
		event->offset = (uint32_t)offset;
		offset += (size_t)event->raw_len + event->extra_len;
	}
	return offset;
}

/* what a frame holds when it is decompressed */
static void take_contents(const struct block_columns *columns, struct cursor *cursor,
			  struct column_frame *frame)
{
	if (columns->version < BLOCK_VERSION_DELTA)
		return;
	frame->steps_bytes = (size_t)take_bounded(cursor, BLOCK_DECOMPRESSED_MAX);
	frame->fresh_bytes = (size_t)take_bounded(cursor, BLOCK_DECOMPRESSED_MAX);
}

static void read_frames(struct block_columns *columns, struct cursor *cursor)
{
	uint32_t first = 0;
	size_t offset = 0;

	for (uint32_t i = 0; i < columns->frames_count; i++) {
		struct column_frame *frame = &columns->frames[i];
		struct slice checksum = { 0 };

		frame->place.first = first;
		frame->place.offset = offset;
		frame->place.count =
			(uint32_t)take_bounded(cursor, columns->count - first);
		take_contents(columns, cursor, frame);
		frame->place.len =
			(size_t)take_bounded(cursor, columns->body_len - offset);
		checksum = take_bytes(cursor, 8);
		if (cursor->bad || frame->place.count == 0) {
			cursor_fail(cursor);
			return;
		}
		frame->checksum = block_load_u64(checksum.ptr);
		frame->texts_bytes = place_events(columns, i);
		if (columns->version < BLOCK_VERSION_DELTA)
			frame->fresh_bytes = frame->texts_bytes;
		first += frame->place.count;
		offset += frame->place.len;
	}
	if (first != columns->count || offset != columns->body_len)
		cursor_fail(cursor);
}

typedef void read_column_fn(struct block_columns *columns, struct cursor *cursor);

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
	[BLOCK_COLUMN_BASES] = read_bases,
	[BLOCK_COLUMN_FRAMES] = read_frames,
};

static bool has_column(const struct block_columns *columns, unsigned column)
{
	return columns->version >= BLOCK_VERSION_DELTA || column != BLOCK_COLUMN_BASES;
}

int block_columns_read(struct block_columns *columns, struct slice bytes,
		       struct error *error)
{
	unsigned left = 0; /* columns, and lengths at the end */
	struct cursor all = { .rest = bytes };
	const char *end = bytes.ptr + bytes.len;

	for (unsigned i = 0; i < BLOCK_COLUMN_COUNT; i++)
		left += has_column(columns, i);
	columns->events = mem_calloc(columns->count, sizeof(*columns->events));
	columns->frames = mem_calloc(columns->frames_count, sizeof(*columns->frames));
	if (bytes.len < (size_t)left * 8)
		return error_set(error, "block: columns are cut short");
	all.rest.len -= (size_t)left * 8;
	for (unsigned i = 0; i < BLOCK_COLUMN_COUNT; i++) {
		struct cursor column = { 0 };

		if (!has_column(columns, i))
			continue;
		column.rest = take_bytes(&all, block_load_u64(end - (size_t)left * 8));
		left--;
		if (!all.bad)
			column_readers[i](columns, &column);
		if (all.bad || column.bad || column.rest.len > 0)
			return error_set(error, "block: column %u is malformed", i);
	}
	if (all.rest.len > 0)
		return error_set(error, "block: bytes behind the last column");
	return 0;
}

void block_columns_deinit(struct block_columns *columns)
{
	mem_free(columns->events);
	mem_free(columns->frames);
	mem_free(columns->services.items);
	mem_free(columns->hosts.items);
	*columns = (struct block_columns){ 0 };
}
