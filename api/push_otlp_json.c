/* push_otlp_json.c - resourceLogs > scopeLogs > logRecords, each walked in place
 *
 * Members may come in any order, so each object is walked once to find its parts, and
 * the parts are walked then.
 */
#include "api/push_otlp_json.h"

#include "api/push_otlp_record.h"
#include "pipeline/json_scan.h"

struct reading {
	struct push_lines *lines;
	struct arena arena; /* of one record */
	struct buf attributes;
	struct slice resource; /* attributes of the resource; empty: none */
	struct slice scope;    /* the object of the scope; empty: none */
};

typedef bool item_fn(struct reading *reading, struct slice object);

/* calls `item` for each object of an array; false: malformed. An empty text is an empty
 * array */
static bool each_object(struct reading *reading, struct slice array, item_fn *item)
{
	struct json_cursor cursor = json_open(array);
	struct json_member member;
	int got = 0;

	if (array.len == 0)
		return true;
	if (!json_enter_array(&cursor))
		return false;
	while (!push_lines_full(reading->lines) &&
	       (got = json_item(&cursor, &member)) == 1) {
		if (member.kind != JSON_OBJECT || !item(reading, member.value))
			return false;
	}
	return got >= 0;
}

/* the value of a member, as written; false: malformed. *out stays empty when the object
 * has none, or null */
static bool find(struct slice object, struct slice name, struct slice *out)
{
	struct json_cursor cursor = json_open(object);
	struct json_member member;
	int got = 0;

	*out = SLICE("");
	if (object.len == 0)
		return true;
	if (!json_enter(&cursor))
		return false;
	while ((got = json_member(&cursor, &member)) == 1) {
		if (slice_equal(member.key, name) && member.kind != JSON_NULL)
			*out = member.value;
	}
	return got == 0 && json_at_end(&cursor);
}

/* an AnyValue: {"stringValue": ..} and so on; what holds values stays JSON */
static struct slice any_value(struct reading *reading, struct slice object)
{
	struct json_cursor cursor = json_open(object);
	struct json_member member;

	if (!json_enter(&cursor) || json_member(&cursor, &member) != 1 ||
	    member.kind == JSON_NULL)
		return SLICE("");
	return member.kind == JSON_STRING ? json_value_text(&member, &reading->arena)
					  : member.value;
}

/* [{"key": TEXT, "value": ANY}, ..] */
static bool add_attributes(struct reading *reading, struct slice array,
			   struct push_record *record)
{
	struct json_cursor cursor = json_open(array);
	struct json_member pair;
	int got = 0;

	if (array.len == 0)
		return true;
	if (!json_enter_array(&cursor))
		return false;
	while ((got = json_item(&cursor, &pair)) == 1) {
		struct json_cursor inner = json_open(pair.value);
		struct json_member member;
		struct slice key = { 0 };
		struct slice value = { 0 };

		if (pair.kind != JSON_OBJECT || !json_enter(&inner))
			return false;
		while (json_member(&inner, &member) == 1) {
			if (slice_equal(member.key, SLICE("key")))
				key = json_value_text(&member, &reading->arena);
			else if (slice_equal(member.key, SLICE("value")) &&
				 member.kind == JSON_OBJECT)
				value = any_value(reading, member.value);
		}
		push_record_label(record, key, value);
	}
	return got == 0;
}

static uint64_t number_of(struct slice digits)
{
	uint64_t value = 0;

	if (digits.len > 3)
		return 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return 0;
		value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return value;
}

struct parts {
	uint64_t severity;
	struct slice severity_text;
	struct slice attributes;
};

static void take_part(struct reading *reading, const struct json_member *member,
		      struct push_record *record, struct parts *parts)
{
	struct pushed *fields = &record->fields;

	if (slice_equal(member->key, SLICE("timeUnixNano")))
		fields->timestamp_us = push_time_of_ns(member->value);
	else if (slice_equal(member->key, SLICE("observedTimeUnixNano")))
		fields->seen_us = push_time_of_ns(member->value);
	else if (slice_equal(member->key, SLICE("severityNumber")))
		parts->severity = number_of(member->value);
	else if (slice_equal(member->key, SLICE("severityText")))
		parts->severity_text = json_value_text(member, &reading->arena);
	else if (slice_equal(member->key, SLICE("body")) && member->kind == JSON_OBJECT)
		fields->body = any_value(reading, member->value);
	else if (slice_equal(member->key, SLICE("attributes")))
		parts->attributes = member->value;
	else if (slice_equal(member->key, SLICE("traceId")))
		push_otlp_add_id(record, "trace_id", member->value);
	else if (slice_equal(member->key, SLICE("spanId")))
		push_otlp_add_id(record, "span_id", member->value);
	else if (slice_equal(member->key, SLICE("eventName")))
		push_record_attribute(record, SLICE("event.name"),
				      json_value_text(member, &reading->arena));
}

/* name and attributes of the scope */
static bool add_scope(struct reading *reading, struct push_record *record)
{
	struct slice name = { 0 };
	struct slice attributes = { 0 };

	if (!find(reading->scope, SLICE("name"), &name) ||
	    !find(reading->scope, SLICE("attributes"), &attributes))
		return false;
	push_record_attribute(record, SLICE("scope.name"), name);
	return add_attributes(reading, attributes, record);
}

static bool read_record(struct reading *reading, struct slice object)
{
	struct json_cursor cursor = json_open(object);
	struct json_member member;
	struct push_record record;
	struct parts parts = { 0 };
	int got = 0;
	bool good = false;

	push_record_begin(&record, &reading->arena, &reading->attributes);
	push_lines_share(reading->lines, reading->resource);
	push_lines_share(reading->lines, reading->scope);
	if (!json_enter(&cursor) ||
	    !add_attributes(reading, reading->resource, &record) ||
	    !add_scope(reading, &record))
		return false;
	while ((got = json_member(&cursor, &member)) == 1)
		take_part(reading, &member, &record, &parts);
	good = got == 0 && add_attributes(reading, parts.attributes, &record);
	if (parts.severity != 0 || parts.severity_text.len > 0)
		push_otlp_set_severity(&record, parts.severity, parts.severity_text);
	if (good)
		(void)push_lines_add(reading->lines, &record); /* it is counted */
	arena_reset(&reading->arena);
	return good;
}

static bool read_scope(struct reading *reading, struct slice object)
{
	struct slice records = { 0 };

	return find(object, SLICE("scope"), &reading->scope) &&
	       find(object, SLICE("logRecords"), &records) &&
	       each_object(reading, records, read_record);
}

static bool read_resource(struct reading *reading, struct slice object)
{
	struct slice resource = { 0 };
	struct slice scopes = { 0 };

	return find(object, SLICE("resource"), &resource) &&
	       find(resource, SLICE("attributes"), &reading->resource) &&
	       find(object, SLICE("scopeLogs"), &scopes) &&
	       each_object(reading, scopes, read_scope);
}

enum push_status push_otlp_json(struct slice body, struct push_lines *lines)
{
	struct reading reading = { .lines = lines };
	struct slice resources = { 0 };
	bool good = body.len > 0 && find(body, SLICE("resourceLogs"), &resources) &&
		    each_object(&reading, resources, read_resource);

	arena_deinit(&reading.arena);
	buf_deinit(&reading.attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	return good ? PUSH_OK
		    : push_malformed(lines, "the body is not OTLP's JSON of logs");
}
