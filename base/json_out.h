/* json_out.h - writes JSON text into a buffer, commas and escapes done
 *
 * Threads: one owner at a time. Owner: the buffer stays the caller's.
 * Limits: 64 levels of nesting (asserted: our own bug).
 *
 * Strings: bytes that are not valid UTF-8 are written as U+FFFD; control bytes are
 * escaped. A key comes before each value inside an object, and never inside an array.
 * json_out_string and json_out_null are named so since libjansson exports json_string
 * and json_null: a program with functions of these names would put them in its way.
 */
#ifndef SIFTD_BASE_JSON_OUT_H
#define SIFTD_BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json_out {
	struct buf *buf;
	uint64_t has_items; /* bit per level: a comma is due */
	unsigned depth;
	bool after_key;
};

struct json_out json_out_init(struct buf *buf);
void json_object_begin(struct json_out *out);
void json_object_end(struct json_out *out);
void json_array_begin(struct json_out *out);
void json_array_end(struct json_out *out);
void json_key(struct json_out *out, const char *key);
void json_key_slice(struct json_out *out, struct slice key);
void json_out_string(struct json_out *out, struct slice value);
void json_int(struct json_out *out, int64_t value);
void json_uint(struct json_out *out, uint64_t value);
/* at most `decimals` digits behind the point; not finite becomes null */
void json_double(struct json_out *out, double value, int decimals);
void json_bool(struct json_out *out, bool value);
void json_out_null(struct json_out *out);
/* text that is JSON already */
void json_raw(struct json_out *out, struct slice json);

/* key and value in one call; an empty-pointer slice gives null */
void json_key_string(struct json_out *out, const char *key, struct slice value);
void json_key_int(struct json_out *out, const char *key, int64_t value);
void json_key_uint(struct json_out *out, const char *key, uint64_t value);
void json_key_bool(struct json_out *out, const char *key, bool value);
/* 16 lower-case hex digits */
void json_key_hex64(struct json_out *out, const char *key, uint64_t value);

#endif
