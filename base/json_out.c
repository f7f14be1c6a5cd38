/* json_out.c - the JSON writer */
#include "base/json_out.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "base/utf8.h"

struct json_out json_out_init(struct buf *buf)
{
	return (struct json_out){ .buf = buf };
}

static void before_value(struct json_out *out)
{
	uint64_t bit = UINT64_C(1) << out->depth;

	if (out->after_key) {
		out->after_key = false;
		return;
	}
	if ((out->has_items & bit) != 0)
		buf_append_char(out->buf, ',');
	out->has_items |= bit;
}

static void open_level(struct json_out *out, char bracket)
{
	before_value(out);
	buf_append_char(out->buf, bracket);
	assert(out->depth < 63);
	out->depth++;
	out->has_items &= ~(UINT64_C(1) << out->depth);
}

static void close_level(struct json_out *out, char bracket)
{
	assert(out->depth > 0 && !out->after_key);
	out->depth--;
	buf_append_char(out->buf, bracket);
}

void json_object_begin(struct json_out *out)
{
	open_level(out, '{');
}

void json_object_end(struct json_out *out)
{
	close_level(out, '}');
}

void json_array_begin(struct json_out *out)
{
	open_level(out, '[');
}

void json_array_end(struct json_out *out)
{
	close_level(out, ']');
}

static void append_escape(struct buf *buf, unsigned char c)
{
	switch (c) {
	case '"':
		buf_append(buf, "\\\"", 2);
		break;
	case '\\':
		buf_append(buf, "\\\\", 2);
		break;
	case '\n':
		buf_append(buf, "\\n", 2);
		break;
	case '\r':
		buf_append(buf, "\\r", 2);
		break;
	case '\t':
		buf_append(buf, "\\t", 2);
		break;
	default:
		buf_printf(buf, "\\u%04x", c);
		break;
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void append_text(struct buf *buf, struct slice s)
{
	size_t at = 0;

	while (at < s.len) {
		size_t run = at;
		size_t width = 0;

		while (run < s.len && is_plain((unsigned char)s.ptr[run]))
			run++;
		buf_append(buf, s.ptr + at, run - at);
		at = run;
		if (at == s.len)
			break;
		if ((unsigned char)s.ptr[at] < 0x80) {
			append_escape(buf, (unsigned char)s.ptr[at++]);
			continue;
		}
		width = utf8_sequence(slice_from(s, at));
		if (width == 0) {
			buf_append(buf, "\xef\xbf\xbd", 3);
			at++;
		} else {
			buf_append(buf, s.ptr + at, width);
			at += width;
		}
	}
}

void json_out_string(struct json_out *out, struct slice value)
{
	before_value(out);
	buf_append_char(out->buf, '"');
	append_text(out->buf, value);
	buf_append_char(out->buf, '"');
}

void json_key_slice(struct json_out *out, struct slice key)
{
	json_out_string(out, key);
	buf_append_char(out->buf, ':');
	out->after_key = true;
}

void json_key(struct json_out *out, const char *key)
{
	json_key_slice(out, slice_str(key));
}

void json_int(struct json_out *out, int64_t value)
{
	before_value(out);
	buf_printf(out->buf, "%" PRId64, value);
}

void json_uint(struct json_out *out, uint64_t value)
{
	before_value(out);
	buf_printf(out->buf, "%" PRIu64, value);
}

void json_double(struct json_out *out, double value, int decimals)
{
	before_value(out);
	if (isfinite(value))
		buf_printf(out->buf, "%.*f", decimals, value);
	else
		buf_append_str(out->buf, "null");
}

void json_bool(struct json_out *out, bool value)
{
	before_value(out);
	buf_append_str(out->buf, value ? "true" : "false");
}

void json_out_null(struct json_out *out)
{
	before_value(out);
	buf_append_str(out->buf, "null");
}

void json_raw(struct json_out *out, struct slice json)
{
	before_value(out);
	buf_append_slice(out->buf, json);
}

void json_key_string(struct json_out *out, const char *key, struct slice value)
{
	json_key(out, key);
	if (value.ptr == NULL)
		json_out_null(out);
	else
		json_out_string(out, value);
}

void json_key_int(struct json_out *out, const char *key, int64_t value)
{
	json_key(out, key);
	json_int(out, value);
}

void json_key_uint(struct json_out *out, const char *key, uint64_t value)
{
	json_key(out, key);
	json_uint(out, value);
}

void json_key_bool(struct json_out *out, const char *key, bool value)
{
	json_key(out, key);
	json_bool(out, value);
}

void json_key_hex64(struct json_out *out, const char *key, uint64_t value)
{
	json_key(out, key);
	before_value(out);
	buf_printf(out->buf, "\"%016" PRIx64 "\"", value);
}
