/* fuzz_front.c - any bytes, split anywhere, give the records of the whole, leave no
 * byte uncovered, and parse on their own as they did in the stream
 *
 * The first byte chooses the limits, the second the length of the parts fed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "pipeline/front.h"
#include "pipeline/shape_cache.h"

#define NOW_US INT64_C(1770000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void note_record(struct buf *out, const struct record *record,
			const struct front_extent *extent)
{
	buf_append_u64(out, extent->end);
	buf_append_u64(out, extent->first_line);
	buf_append_u64(out, extent->lines);
	buf_append_u64(out, (uint64_t)record->timestamp_us);
	buf_append_char(out, (char)record->severity);
	buf_append_char(out, (char)record->format);
	buf_append_slice(out, record->raw);
	buf_append_char(out, '\n');
	buf_append_slice(out, record->body);
	buf_append_char(out, '\n');
	buf_append_slice(out, record->service_name);
	buf_append_slice(out, record->host_name);
	for (size_t i = 0; i < record->attributes_count; i++) {
		buf_append_slice(out, record->attributes[i].key);
		buf_append_char(out, '=');
		buf_append_slice(out, record->attributes[i].value);
		buf_append_char(out, '\n');
	}
}

static void check_parse(const struct record *record, const struct front_config *config)
{
	struct arena scratch = { 0 };
	struct record again;

	parse_record(record->raw, config, NOW_US, &scratch, &again);
	require(again.timestamp_us == record->timestamp_us);
	require(again.severity == record->severity);
	require(again.format == record->format);
	require(slice_equal(again.body, record->body));
	require(slice_equal(again.service_name, record->service_name));
	require(slice_equal(again.host_name, record->host_name));
	arena_deinit(&scratch);
}

static void take_all(struct front *front, const struct front_config *config,
		     uint64_t *end, struct buf *out)
{
	struct record record;
	struct front_extent extent;

	while (front_next(front, &record, &extent)) {
		require(extent.begin == *end && extent.end > extent.begin);
		*end = extent.end;
		note_record(out, &record, &extent);
		check_parse(&record, config);
	}
}

/* each part is a copy of its own, so that a byte borrowed for too long is caught */
static void run(struct slice bytes, size_t part_len, const struct front_config *config,
		struct buf *out)
{
	struct front *front = front_new(config);
	uint64_t end = 0;
	size_t len = bytes.len;

	while (bytes.len > 0) {
		struct slice part = slice_head(bytes, part_len);
		char *copy = malloc(part.len);

		require(copy != NULL);
		memcpy(copy, part.ptr, part.len);
		front_feed(front, slice_of(copy, part.len), NOW_US);
		take_all(front, config, &end, out);
		free(copy);
		bytes = slice_from(bytes, part.len);
	}
	front_finish(front);
	take_all(front, config, &end, out);
	require(front_open_offset(front) == len && front_open_bytes(front) == 0);
	front_free(&front);
}

/* the cache of shapes changes nothing: a line is unknown in the first run, learned in
 * the second, and known in the third */
static void check_shapes(struct slice bytes, const struct front_config *config,
			 const struct buf *expected)
{
	struct front_config with = *config;
	struct shape_cache *shapes = shape_cache_new(32768);

	with.shapes = shapes;
	for (unsigned i = 0; i < 3; i++) {
		struct buf out = { 0 };

		run(bytes, bytes.len, &with, &out);
		require(slice_equal(buf_slice(&out), buf_slice(expected)));
		buf_deinit(&out);
	}
	shape_cache_free(&shapes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 };
	struct buf parts = { 0 };

	if (size < 3)
		return 0;

	const struct front_config config = {
		.record_bytes_max = data[0] < 128 ? 0 : data[0] - 120U,
		.record_lines_max = data[0] % 8,
	};
	struct slice bytes = slice_of((const char *)data + 2, size - 2);

	run(bytes, bytes.len, &config, &whole);
	run(bytes, data[1] % 64 + 1U, &config, &parts);
	require(slice_equal(buf_slice(&whole), buf_slice(&parts)));
	check_shapes(bytes, &config, &whole);
	buf_deinit(&whole);
	buf_deinit(&parts);
	return 0;
}
