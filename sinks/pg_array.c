/* pg_array.c - writing the binary form of arrays
 *
 *	ndim 4 | has nulls 4 | type 4 | length 4 | lower bound 4 | { size 4 | bytes }...
 *
 * All numbers are big endian. See array_recv in PostgreSQL's arrayfuncs.c; an empty
 *array has no dimension, and ends behind the type.
 */
#include "sinks/pg_array.h"

#include <assert.h>

#include "base/utf8.h"

#define EMPTY_BYTES 12
#define LENGTH_AT 12

static void put_be(char *place, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		place[i] = (char)(unsigned char)(value >> (8 * (size - 1 - i)));
}

static void append_be(struct buf *out, uint64_t value, size_t size)
{
	buf_reserve(out, size);
	put_be(out->data + out->len, value, size);
	out->len += size;
}

void pg_array_begin(struct pg_array *array, enum pg_type type)
{
	buf_clear(&array->bytes);
	array->count = 0;
	append_be(&array->bytes, 1, 4);
	append_be(&array->bytes, 0, 4);
	append_be(&array->bytes, type, 4);
	append_be(&array->bytes, 0, 4);
	append_be(&array->bytes, 1, 4);
}

void pg_array_deinit(struct pg_array *array)
{
	buf_deinit(&array->bytes);
	array->count = 0;
}

static void append_number(struct pg_array *array, uint64_t value, size_t size)
{
	append_be(&array->bytes, size, 4);
	append_be(&array->bytes, value, size);
	array->count++;
}

void pg_array_bool(struct pg_array *array, bool value)
{
	append_number(array, value, 1);
}

void pg_array_int2(struct pg_array *array, int value)
{
	append_number(array, (uint64_t)value, 2);
}

void pg_array_int4(struct pg_array *array, int32_t value)
{
	append_number(array, (uint64_t)value, 4);
}

void pg_array_int8(struct pg_array *array, int64_t value)
{
	append_number(array, (uint64_t)value, 8);
}

void pg_array_uint8(struct pg_array *array, uint64_t value)
{
	append_number(array, value, 8);
}

void pg_array_bytes(struct pg_array *array, struct slice value)
{
	append_be(&array->bytes, value.len, 4);
	buf_append_slice(&array->bytes, value);
	array->count++;
}

void pg_array_text(struct pg_array *array, struct slice value, size_t bytes_max)
{
	size_t size_at = array->bytes.len;

	append_be(&array->bytes, 0, 4);
	pg_text(&array->bytes, value, bytes_max);
	put_be(array->bytes.data + size_at, array->bytes.len - size_at - 4, 4);
	array->count++;
}

struct slice pg_array_end(struct pg_array *array)
{
	assert(array->bytes.len <= PG_ARRAY_BYTES_MAX);
	put_be(array->bytes.data + LENGTH_AT, array->count, 4);
	if (array->count > 0)
		return buf_slice(&array->bytes);
	put_be(array->bytes.data, 0, 4);
	return slice_of(array->bytes.data, EMPTY_BYTES);
}

/* how many bytes from the front are ASCII and not NUL */
static size_t plain_run(struct slice value)
{
	size_t len = 0;

	while (len < value.len && value.ptr[len] != '\0' &&
	       (unsigned char)value.ptr[len] < 0x80)
		len++;
	return len;
}

void pg_text(struct buf *out, struct slice value, size_t bytes_max)
{
	size_t end = out->len + bytes_max;
	size_t run = plain_run(slice_head(value, bytes_max));

	buf_append(out, value.ptr, run);
	value = slice_from(value, run);
	while (value.len > 0) {
		size_t len = value.ptr[0] == '\0' ? 0 : utf8_sequence(value);
		size_t written = len == 0 ? 4 : len;

		if (out->len + written > end)
			return;
		if (len == 0)
			buf_printf(out, "\\x%02x", (unsigned char)value.ptr[0]);
		else
			buf_append(out, value.ptr, len);
		value = slice_from(value, len == 0 ? 1 : len);
	}
}

struct slice pg_int4(char place[4], int32_t value)
{
	put_be(place, (uint64_t)value, 4);
	return slice_of(place, 4);
}

struct slice pg_int8(char place[8], int64_t value)
{
	put_be(place, (uint64_t)value, 8);
	return slice_of(place, 8);
}
