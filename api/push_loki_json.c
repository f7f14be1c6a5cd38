/* push_loki_json.c - streams, their entries, and what stands beside them */
#include "api/push_loki_json.h"

#include "pipeline/json_scan.h"

struct reading {
	struct push_lines *lines;
	struct arena arena; /* of one entry */
	struct buf attributes;
	struct slice labels; /* of the stream */
};

static struct slice text_of(struct reading *reading, const struct json_member *member)
{
	return member->value_escaped ? json_unescape(member->value, &reading->arena)
				     : member->value;
}

/* a NULL object adds nothing; false: malformed */
static bool add_labels(struct reading *reading, struct slice object,
		       struct push_record *record)
{
	struct json_cursor cursor = json_open(object);
	struct json_member member;
	int got = 0;

	if (object.len == 0)
		return true;
	if (!json_enter(&cursor))
		return false;
	while ((got = json_member(&cursor, &member)) == 1) {
		struct slice key = member.key_escaped
					   ? json_unescape(member.key, &reading->arena)
					   : member.key;

		push_record_label(record, key, text_of(reading, &member));
	}
	return got == 0;
}

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
	record.fields.body = text_of(reading, &item);
	if (json_item(cursor, &item) == 1) {
		if (item.kind != JSON_OBJECT)
			return false;
		metadata = item.value;
	}
	if (!add_labels(reading, reading->labels, &record) ||
	    !add_labels(reading, metadata, &record))
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
