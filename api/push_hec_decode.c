/* push_hec_decode.c - events of the HTTP Event Collector, and raw lines */
#include "api/push_hec.h"
#include "api/push_lines.h"
#include "pipeline/json_scan.h"
#include "pipeline/timestamp_scan.h"

struct reading {
	const struct push_input *input;
	struct push_lines *lines;
	struct arena arena; /* of one event */
	struct buf attributes;
};

/* what an event says of itself; empty where it does not */
struct event {
	struct slice body;
	struct slice fields; /* an object */
	struct slice host;
	struct slice source;
	struct slice sourcetype;
	struct slice index;
	int64_t timestamp_us;
	bool has_body;
};

static struct slice text_of(struct reading *reading, const struct json_member *member)
{
	if (member->kind == JSON_NULL)
		return SLICE("");
	return json_value_text(member, &reading->arena);
}

static void take_member(struct reading *reading, const struct json_member *member,
			struct event *event)
{
	struct slice text = text_of(reading, member);

	if (slice_equal(member->key, SLICE("event"))) {
		event->body = text;
		event->has_body = member->kind != JSON_NULL;
	} else if (slice_equal(member->key, SLICE("time"))) {
		event->timestamp_us = timestamp_of_epoch_text(text);
	} else if (slice_equal(member->key, SLICE("host"))) {
		event->host = text;
	} else if (slice_equal(member->key, SLICE("source"))) {
		event->source = text;
	} else if (slice_equal(member->key, SLICE("sourcetype"))) {
		event->sourcetype = text;
	} else if (slice_equal(member->key, SLICE("index"))) {
		event->index = text;
	} else if (slice_equal(member->key, SLICE("fields")) &&
		   member->kind == JSON_OBJECT) {
		event->fields = member->value;
	}
}

/* a path says where the text lay, any other source who wrote it */
static bool is_service(struct slice source)
{
	return source.len > 0 && memchr(source.ptr, '/', source.len) == NULL &&
	       memchr(source.ptr, '\\', source.len) == NULL;
}

static bool add_event(struct reading *reading, const struct event *event)
{
	struct push_record record;

	push_record_begin(&record, &reading->arena, &reading->attributes);
	record.fields.timestamp_us = event->timestamp_us;
	record.fields.body = event->body;
	push_record_label(&record, SLICE("host.name"), event->host);
	push_record_attribute(&record, SLICE("source"), event->source);
	push_record_attribute(&record, SLICE("sourcetype"), event->sourcetype);
	push_record_attribute(&record, SLICE("index"), event->index);
	if (!push_record_labels(&record, event->fields))
		return false;
	if (record.fields.service_name.len == 0 && is_service(event->source))
		record.fields.service_name = event->source;
	(void)push_lines_add(reading->lines, &record); /* it is counted */
	return true;
}

/* NULL: it was read; else what is wrong, in Splunk's words */
static const char *read_event(struct reading *reading, struct json_cursor *cursor)
{
	struct event event = {
		.host = reading->input->host,
		.source = reading->input->source,
		.sourcetype = reading->input->sourcetype,
		.timestamp_us = TIMESTAMP_NONE,
	};
	struct json_member member;
	int got = 0;

	if (!json_enter(cursor))
		return "Invalid data format";
	while ((got = json_member(cursor, &member)) == 1)
		take_member(reading, &member, &event);
	if (got < 0)
		return "Invalid data format";
	if (!event.has_body)
		return "Event field is required";
	if (event.body.len == 0)
		return "Event field cannot be blank";
	return add_event(reading, &event) ? NULL : "Invalid data format";
}

enum push_status push_hec_decode(const struct push_input *input,
				 struct push_lines *lines)
{
	struct reading reading = { .input = input, .lines = lines };
	struct json_cursor cursor = json_open(input->body);
	const char *wrong = json_at_end(&cursor) ? "No data" : NULL;

	while (wrong == NULL && !push_lines_full(lines) && !json_at_end(&cursor)) {
		wrong = read_event(&reading, &cursor);
		arena_reset(&reading.arena);
	}
	arena_deinit(&reading.arena);
	buf_deinit(&reading.attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	return wrong == NULL ? PUSH_OK : push_malformed(lines, wrong);
}

static void add_lines(struct reading *reading)
{
	const struct push_input *input = reading->input;
	struct slice rest = input->body;
	struct event event = {
		.host = input->host,
		.source = input->source,
		.sourcetype = input->sourcetype,
		.timestamp_us = TIMESTAMP_NONE,
	};

	while (rest.len > 0 && !push_lines_full(reading->lines)) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);

		event.body = slice_trim(slice_head(rest, len));
		if (event.body.len > 0)
			(void)add_event(reading, &event); /* has no fields */
		rest = slice_from(rest, len + 1);
	}
}

enum push_status push_hec_decode_raw(const struct push_input *input,
				     struct push_lines *lines)
{
	struct reading reading = { .input = input, .lines = lines };

	if (slice_trim(input->body).len == 0)
		return push_malformed(lines, "No data");
	if (input->host.len == 0 && input->source.len == 0)
		return push_lines_decode_text(input->body, lines);
	add_lines(&reading);
	arena_deinit(&reading.arena);
	buf_deinit(&reading.attributes);
	return push_lines_full(lines) ? PUSH_TOO_LARGE : PUSH_OK;
}
