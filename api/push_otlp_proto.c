/* push_otlp_proto.c - resource_logs > scope_logs > log_records, each walked in place */
#include "api/push_otlp_proto.h"

#include <sodium.h>

#include "api/protobuf.h"
#include "api/push_otlp_record.h"
#include "api/push_otlp_value.h"

#define NS_PER_US 1000
#define ID_BYTES_MAX 16

struct reading {
	struct push_lines *lines;
	struct arena arena; /* of one record */
	struct buf attributes;
	struct slice resource; /* messages, which may be empty */
	struct slice scope;
};

typedef bool message_fn(struct reading *reading, struct slice message);

enum log_field {
	LOG_TIME = 1,
	LOG_SEVERITY = 2,
	LOG_SEVERITY_TEXT = 3,
	LOG_BODY = 5,
	LOG_ATTRIBUTES = 6,
	LOG_TRACE_ID = 9,
	LOG_SPAN_ID = 10,
	LOG_OBSERVED = 11,
	LOG_EVENT_NAME = 12
};

/* calls `each` for all messages of that number; false: malformed */
static bool each_message(struct reading *reading, struct slice message, uint32_t number,
			 message_fn *each)
{
	struct protobuf_field field;
	bool good = true;
	int got = 0;

	while (good && !push_lines_full(reading->lines) &&
	       (got = protobuf_next(&message, &field)) == 1) {
		if (protobuf_is(&field, number, PROTOBUF_BYTES))
			good = each(reading, field.bytes);
	}
	return good && got >= 0;
}

/* the last field of that number; empty when there is none */
static bool find(struct slice message, uint32_t number, struct slice *out)
{
	struct protobuf_field field;
	int got = 0;

	*out = SLICE("");
	while ((got = protobuf_next(&message, &field)) == 1) {
		if (protobuf_is(&field, number, PROTOBUF_BYTES))
			*out = field.bytes;
	}
	return got == 0;
}

static bool add_attribute(struct reading *reading, struct slice pair,
			  struct push_record *record)
{
	struct slice key = { 0 };
	struct slice any = { 0 };
	struct slice value = { 0 };

	if (!find(pair, 1, &key) || !find(pair, 2, &any) ||
	    !push_otlp_value(any, &reading->arena, &value))
		return false;
	push_record_label(record, key, value);
	return true;
}

/* all attributes of a message, which are its fields of that number */
static bool add_attributes(struct reading *reading, struct slice message,
			   uint32_t number, struct push_record *record)
{
	struct protobuf_field field;
	bool good = true;
	int got = 0;

	while (good && (got = protobuf_next(&message, &field)) == 1) {
		if (protobuf_is(&field, number, PROTOBUF_BYTES))
			good = add_attribute(reading, field.bytes, record);
	}
	return good && got == 0;
}

static void add_id(struct push_record *record, const char *key, struct slice bytes)
{
	char hex[2 * ID_BYTES_MAX + 1];

	if (bytes.len == 0 || bytes.len > ID_BYTES_MAX)
		return;
	sodium_bin2hex(hex, sizeof(hex), (const unsigned char *)bytes.ptr, bytes.len);
	push_otlp_add_id(record, key, slice_str(hex));
}

static int64_t time_of(uint64_t ns)
{
	return ns == 0 ? TIMESTAMP_NONE : (int64_t)(ns / NS_PER_US);
}

struct severity_parts {
	uint64_t number;
	struct slice text;
};

/* false: malformed */
static bool take_field(struct reading *reading, const struct protobuf_field *field,
		       struct push_record *record, struct severity_parts *severity)
{
	switch (field->number) {
	case LOG_TIME:
		record->fields.timestamp_us = time_of(field->value);
		break;
	case LOG_OBSERVED:
		record->fields.seen_us = time_of(field->value);
		break;
	case LOG_SEVERITY:
		severity->number = field->value;
		break;
	case LOG_SEVERITY_TEXT:
		severity->text = field->bytes;
		break;
	case LOG_BODY:
		return push_otlp_value(field->bytes, &reading->arena,
				       &record->fields.body);
	case LOG_ATTRIBUTES:
		return add_attribute(reading, field->bytes, record);
	case LOG_TRACE_ID:
		add_id(record, "trace_id", field->bytes);
		break;
	case LOG_SPAN_ID:
		add_id(record, "span_id", field->bytes);
		break;
	case LOG_EVENT_NAME:
		push_record_attribute(record, SLICE("event.name"), field->bytes);
		break;
	default:
		break;
	}
	return true;
}

static bool read_record(struct reading *reading, struct slice message)
{
	struct protobuf_field field;
	struct push_record record;
	struct severity_parts severity = { 0 };
	struct slice scope_name = { 0 };
	bool good = true;
	int got = 0;

	push_record_begin(&record, &reading->arena, &reading->attributes);
	push_lines_share(reading->lines, reading->resource);
	push_lines_share(reading->lines, reading->scope);
	if (!add_attributes(reading, reading->resource, 1, &record) ||
	    !find(reading->scope, 1, &scope_name))
		return false;
	push_record_attribute(&record, SLICE("scope.name"), scope_name);
	good = add_attributes(reading, reading->scope, 3, &record);
	while (good && (got = protobuf_next(&message, &field)) == 1)
		good = take_field(reading, &field, &record, &severity);
	if (severity.number != 0 || severity.text.len > 0)
		push_otlp_set_severity(&record, severity.number, severity.text);
	if (good && got == 0)
		(void)push_lines_add(reading->lines, &record); /* it is counted */
	arena_reset(&reading->arena);
	return good && got == 0;
}

static bool read_scope(struct reading *reading, struct slice message)
{
	return find(message, 1, &reading->scope) &&
	       each_message(reading, message, 2, read_record);
}

static bool read_resource(struct reading *reading, struct slice message)
{
	return find(message, 1, &reading->resource) &&
	       each_message(reading, message, 2, read_scope);
}

enum push_status push_otlp_proto(struct slice body, struct push_lines *lines)
{
	struct reading reading = { .lines = lines };
	bool good = each_message(&reading, body, 1, read_resource);

	arena_deinit(&reading.arena);
	buf_deinit(&reading.attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	return good ? PUSH_OK
		    : push_malformed(lines, "the body is not OTLP's protobuf of logs");
}
