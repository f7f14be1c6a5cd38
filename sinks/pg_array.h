/* pg_array.h - parameters in PostgreSQL's binary form
 *
 * Threads: one owner at a time. Pure.
 * Owner: pg_array_deinit frees; the bytes are valid until the next call on the array.
 * Limits: an array of more than PG_ARRAY_BYTES_MAX is the caller's mistake (asserted):
 *         batches are far smaller.
 *
 * Arrays have one dimension. Text from logs goes through pg_text: a server that keeps
 * UTF-8 refuses other bytes and NUL.
 */
#ifndef SIFTD_SINKS_PG_ARRAY_H
#define SIFTD_SINKS_PG_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define PG_ARRAY_BYTES_MAX ((size_t)1 << 30)

/* numbers of pg_type */
enum pg_type {
	PG_BOOL = 16,
	PG_BYTEA = 17,
	PG_INT8 = 20,
	PG_INT2 = 21,
	PG_INT4 = 23,
	PG_TEXT = 25
};

struct pg_array {
	struct buf bytes;
	uint32_t count;
};

/* empties it; also the first call on a zeroed one */
void pg_array_begin(struct pg_array *array, enum pg_type type);
void pg_array_deinit(struct pg_array *array);
void pg_array_bool(struct pg_array *array, bool value);
void pg_array_int2(struct pg_array *array, int value);
void pg_array_int4(struct pg_array *array, int32_t value);
void pg_array_int8(struct pg_array *array, int64_t value);
/* the same 64 bits as a signed number */
void pg_array_uint8(struct pg_array *array, uint64_t value);
void pg_array_bytes(struct pg_array *array, struct slice value);
/* made valid by pg_text, cut at a character's end to at most bytes_max */
void pg_array_text(struct pg_array *array, struct slice value, size_t bytes_max);
/* the parameter; valid until the array changes */
struct slice pg_array_end(struct pg_array *array);

/* appends value as UTF-8 without NUL: bytes that are not are written \xNN */
void pg_text(struct buf *out, struct slice value, size_t bytes_max);
/* single values, big endian, into a place of 4 or 8 bytes */
struct slice pg_int4(char place[4], int32_t value);
struct slice pg_int8(char place[8], int64_t value);

#endif
