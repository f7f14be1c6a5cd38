/* pushed.c - pushed records to lines and back */
#include "pipeline/pushed.h"

#include "base/json_out.h"
#include "pipeline/json_scan.h"
#include "pipeline/timestamp_scan.h"

#define MARK "{\"siftd.push\":1,"
/* of no more digits than read_us takes */
#define TIME_END_US INT64_C(1000000000000000000)

static bool read_us(const struct json_member *member, int64_t *out)
{
	struct slice digits = member->value;
	uint64_t value = 0;

	if (member->kind != JSON_NUMBER || digits.len > 18)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	*out = (int64_t)value;
	return true;
}

/* false: a line that siftd did not write */
static bool take(const struct json_member *member, struct arena *scratch,
		 struct pushed *out)
{
	struct slice text = member->value;

	if (slice_equal(member->key, SLICE("time")))
		return read_us(member, &out->timestamp_us);
	if (slice_equal(member->key, SLICE("seen")))
		return read_us(member, &out->seen_us);
	if (slice_equal(member->key, SLICE("attributes"))) {
		out->attributes = text;
		return member->kind == JSON_OBJECT;
	}
	if (member->kind != JSON_STRING)
		return false;
	text = json_value_text(member, scratch);
	if (slice_equal(member->key, SLICE("level")))
		out->severity = severity_of_word(text);
	else if (slice_equal(member->key, SLICE("service")))
		out->service_name = text;
	else if (slice_equal(member->key, SLICE("host")))
		out->host_name = text;
	else if (slice_equal(member->key, SLICE("body")))
		out->body = text;
	else
		return false;
	return true;
}

bool pushed_read(struct slice line, struct arena *scratch, struct pushed *out)
{
	struct json_cursor cursor = {
		.at = line.ptr + sizeof(MARK) - 1,
		.end = line.ptr + line.len,
		.first = true, /* the mark ends with a comma */
	};
	struct json_member member;
	int got = 0;

	if (!slice_starts_with(line, SLICE(MARK)))
		return false;
	*out = (struct pushed){ .timestamp_us = TIMESTAMP_NONE,
				.seen_us = TIMESTAMP_NONE };
	while ((got = json_member(&cursor, &member)) == 1) {
		if (!take(&member, scratch, out))
			return false;
	}
	return got == 0 && json_at_end(&cursor) && out->body.ptr != NULL;
}

void pushed_add_attributes(struct slice object, struct arena *scratch,
			   struct record *record)
{
	struct json_cursor cursor = json_open(object);
	struct json_member member;

	if (!json_enter(&cursor))
		return;
	while (json_member(&cursor, &member) == 1) {
		record_add_attribute(record, json_key_text(&member, scratch),
				     json_value_text(&member, scratch));
	}
}

void pushed_apply(const struct pushed *pushed, struct arena *scratch,
		  struct record *record)
{
	if (pushed->timestamp_us != TIMESTAMP_NONE)
		record->timestamp_us = pushed->timestamp_us;
	else if (record->timestamp_us == TIMESTAMP_NONE)
		record->timestamp_us = pushed->seen_us;
	if (pushed->severity != SEVERITY_NONE)
		record->severity = pushed->severity;
	if (pushed->service_name.len > 0)
		record->service_name = pushed->service_name;
	if (pushed->host_name.len > 0)
		record->host_name = pushed->host_name;
	if (pushed->attributes.len == 0)
		return;
	record->extra = pushed->attributes;
	pushed_add_attributes(pushed->attributes, scratch, record);
}

static void write_us(struct json_out *out, const char *key, int64_t us)
{
	/* what lies before the epoch, or tens of thousands of years behind it, is no
	 * time of a log */
	if (us != TIMESTAMP_NONE && us >= 0 && us < TIME_END_US)
		json_key_int(out, key, us);
}

static void write_text(struct json_out *out, const char *key, struct slice text)
{
	if (text.len > 0)
		json_key_string(out, key, text);
}

void pushed_write(const struct pushed *pushed, struct buf *out)
{
	struct json_out json = json_out_init(out);

	json_object_begin(&json);
	json_key_int(&json, "siftd.push", 1);
	write_us(&json, "time", pushed->timestamp_us);
	write_us(&json, "seen", pushed->seen_us);
	if (pushed->severity != SEVERITY_NONE)
		json_key_string(&json, "level",
				slice_str(severity_name(pushed->severity)));
	write_text(&json, "service", pushed->service_name);
	write_text(&json, "host", pushed->host_name);
	if (pushed->attributes.len > 0) {
		json_key(&json, "attributes");
		json_raw(&json, pushed->attributes);
	}
	json_key_string(&json, "body",
			pushed->body.ptr == NULL ? SLICE("") : pushed->body);
	json_object_end(&json);
	buf_append_char(out, '\n');
}
