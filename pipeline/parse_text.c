/* parse_text.c - plain text: whatever no other parser takes */
#include "pipeline/byte_class.h"
#include "pipeline/cisco.h"
#include "pipeline/continuation.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/text_attributes.h"

/* java.util.logging writes two lines: "STAMP class method", "LEVEL: message" */
static void join_second_line(const struct parse_input *input, struct record *record)
{
	const char *space = memchr(record->body.ptr, ' ', record->body.len);
	struct header header;

	if (space == NULL ||
	    memchr(record->body.ptr, '.', (size_t)(space - record->body.ptr)) == NULL)
		return;

	const char *end =
		memchr(space, '\n', (size_t)(input->raw.ptr + input->raw.len - space));

	if (end == NULL)
		return;

	struct slice rest = slice_from(input->raw, (size_t)(end + 1 - input->raw.ptr));

	if (!header_begins_pair(parse_first_line(input->raw), input->header,
				parse_first_line(rest)))
		return;
	header_scan(parse_first_line(rest), input->context, &header);
	record->severity = header.severity;
	record->severity_text = header_slice(rest, header.severity_text);
	record->service_name =
		slice_head(record->body, (size_t)(space - record->body.ptr));
	record->body = slice_from(rest, header.body);
}

static bool is_class_byte(char c)
{
	return byte_is(c, BYTE_ALNUM) || c == '.' || c == '_' || c == '$';
}

/* log4j's "%m (%c)": the class stands behind the message */
static void take_class_at_end(struct slice line, struct record *record)
{
	size_t at = 0;
	bool dotted = false;

	if (line.len < 8 || line.ptr[line.len - 1] != ')')
		return;
	for (at = line.len - 1; at > 0 && is_class_byte(line.ptr[at - 1]); at--)
		dotted |= line.ptr[at - 1] == '.';
	if (at < 2 || line.ptr[at - 1] != '(' || line.ptr[at - 2] != ' ' || !dotted ||
	    !byte_is(line.ptr[at], BYTE_LOWER))
		return;
	record->service_name = slice_of(line.ptr + at, line.len - 1 - at);
}

/* what ended a program says so in its own way */
static void take_crash(struct slice line, struct record *record)
{
	enum line_shape shape = line_shape_of(line);

	if (shape == LINE_CRASH || shape == LINE_PYTHON)
		record->severity = SEVERITY_ERROR;
}

bool parse_text(const struct parse_input *input, struct record *record)
{
	const struct header *header = input->header;

	parse_apply_header(header, input->raw, record);
	record->format = header->format;
	if (record->severity == SEVERITY_NONE && record->timestamp_us != TIMESTAMP_NONE)
		join_second_line(input, record);
	if (record->severity != SEVERITY_NONE && record->service_name.len == 0 &&
	    record->timestamp_us != TIMESTAMP_NONE)
		take_class_at_end(parse_first_line(input->raw), record);
	if (record->body.len > 0 &&
	    (record->body.ptr[0] == '%' || record->body.ptr[0] == ':')) {
		stamp_trace_refuse(input->context->trace);
		cisco_take_mnemonic(record);
	}
	if (!header->found)
		take_crash(parse_first_line(input->raw), record);
	if (input->attributes)
		text_attributes_add(slice_head(input->raw, header->body), record);
	return true;
}
