/* parse_windows_event.c - an event as Windows' viewer copies it: "Name:  value" lines,
 * and behind "Description:" the message */
#include "base/compiler.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
#include "pipeline/stamp_trace.h"

static struct slice take_line(struct slice *rest)
{
	struct slice line = parse_first_line(*rest);
	const char *end = memchr(rest->ptr, '\n', rest->len);

	*rest = end == NULL ? slice_from(*rest, rest->len)
			    : slice_from(*rest, (size_t)(end + 1 - rest->ptr));
	return line;
}

static const struct {
	const char *label;
	const char *key;
} attributes[] = {
	{ "Log Name", "event_log" }, { "Event ID", "event_id" },
	{ "Task Category", "task" }, { "Keywords", "keywords" },
	{ "User", "user.name" },     { "OpCode", "opcode" },
};

static void take_pair(const struct parse_input *input, struct slice label,
		      struct slice value, struct record *record)
{
	if (slice_equal(label, SLICE("Source"))) {
		record->service_name = value;
	} else if (slice_equal(label, SLICE("Computer"))) {
		record->host_name = value;
	} else if (slice_equal(label, SLICE("Date"))) {
		record->timestamp_us = timestamp_of_text(value, input->context);
	} else if (slice_equal(label, SLICE("Level"))) {
		record->severity = severity_of_word(value);
		record->severity_text = value;
	}
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (slice_equal(label, slice_str(attributes[i].label)))
			record_add_attribute(record, slice_str(attributes[i].key),
					     value);
	}
}

bool parse_windows_event(const struct parse_input *input, struct record *record)
{
	struct slice rest = input->raw;

	if (!slice_starts_with(rest, SLICE("Log Name:")))
		return false;
	/* stamps and levels may be numbers */
	stamp_trace_refuse(input->context->trace);
	while (rest.len > 0) {
		struct slice line = take_line(&rest);
		const char *colon =
			line.len == 0 ? NULL : memchr(line.ptr, ':', line.len);

		if (colon == NULL)
			continue;

		struct slice label = slice_head(line, (size_t)(colon - line.ptr));
		struct slice value = slice_trim(slice_from(line, label.len + 1));

		if (slice_equal(label, SLICE("Description"))) {
			record->body = value.len > 0 && rest.len == 0
					       ? value
					       : slice_trim(rest);
			record->confidence = 95;
			return true;
		}
		take_pair(input, label, value, record);
	}
	return false;
}
