/* push_loki_json.c - streams, their entries, and what stands beside them */
#include "api/push_loki_json.h"

#include "pipeline/json_scan.h"

struct reading {
	struct push_lines *lines;
	struct arena arena; /* of one entry */
	struct buf attributes;
	struct slice labels; /* of the stream */
};

/* [NS, LINE] or [NS, LINE, {..}] */
static bool read_entry(struct reading *reading, const struct json_member *entry,
		       struct json_cursor *cursor)
{
	struct push_record record;
	struct json_member item;
	struct slice metadata = { 0 };

	push_record_begin(&record, &reading->arena, &reading->attributes);
	push_lines_share(reading->lines, reading->labels);
	if (!json_enter_member_array(cursor, entry) || json_item(cursor, &item) != 1)
		return false;
	record.fields.timestamp_us = push_time_of_ns(item.value);
	if (json_item(cursor, &item) != 1 || item.kind != JSON_STRING)
		return false;
	record.fields.body = json_value_text(&item, &reading->arena);
	if (json_item(cursor, &item) == 1) {
		if (item.kind != JSON_OBJECT)
			return false;
		metadata = item.value;
	}
	if (!push_record_labels(&record, reading->labels) ||
	    !push_record_labels(&record, metadata))
		return false;
	(void)push_lines_add(reading->lines, &record); /* it is counted */
	arena_reset(&reading->arena);
	return true;
}

static bool read_values(struct reading *reading, struct slice values)
{
	struct json_cursor cursor = json_open(values);
	struct json_member entry;
	int got = 0;

	if (!json_enter_array(&cursor))
		return false;
	while (!push_lines_full(reading->lines) &&
	       (got = json_item(&cursor, &entry)) == 1) {
		struct json_cursor inner = cursor;

		if (entry.kind != JSON_ARRAY || !read_entry(reading, &entry, &inner))
			return false;
	}
	return got >= 0;
}

/* the labels may come behind the values */
static bool read_stream(struct reading *reading, const struct json_member *stream)
{
	struct json_cursor cursor = json_open(stream->value);
	struct json_member member;
	struct slice values = SLICE("[]");
	int got = 0;

	reading->labels = (struct slice){ 0 };
	if (!json_enter(&cursor))
		return false;
	while ((got = json_member(&cursor, &member)) == 1) {
		if (slice_equal(member.key, SLICE("stream")))
			reading->labels = member.value;
		else if (slice_equal(member.key, SLICE("values")))
			values = member.value;
	}
	return got == 0 && read_values(reading, values);
}

static bool read_streams(struct reading *reading, const struct json_member *streams)
{
	struct json_cursor cursor = json_open(streams->value);
	struct json_member stream;
	int got = 0;

	if (!json_enter_array(&cursor))
		return false;
	while (!push_lines_full(reading->lines) &&
	       (got = json_item(&cursor, &stream)) == 1) {
		if (!read_stream(reading, &stream))
			return false;
	}
	return got >= 0;
}

static bool read_body(struct reading *reading, struct slice body)
{
	struct json_cursor cursor = json_open(body);
	struct json_member member;
	bool found = false;
	int got = 0;

	if (!json_enter(&cursor))
		return false;
	while ((got = json_member(&cursor, &member)) == 1) {
		if (!slice_equal(member.key, SLICE("streams")))
			continue;
		if (!read_streams(reading, &member))
			return false;
		found = true;
	}
	return found && got == 0 && json_at_end(&cursor);
}

enum push_status push_loki_json(struct slice body, struct push_lines *lines)
{
	struct reading reading = { .lines = lines };
	bool good = read_body(&reading, body);

	arena_deinit(&reading.arena);
	buf_deinit(&reading.attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	return good ? PUSH_OK
		    : push_malformed(lines, "the body is not Loki's JSON of streams");
}
