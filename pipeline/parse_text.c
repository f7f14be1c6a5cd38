/* parse_text.c - plain text: whatever no other parser takes */
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
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

bool parse_text(const struct parse_input *input, struct record *record)
{
	const struct header *header = input->header;

	parse_apply_header(header, input->raw, record);
	record->format = header->format;
	if (record->severity == SEVERITY_NONE && record->timestamp_us != TIMESTAMP_NONE)
		join_second_line(input, record);
	if (input->attributes)
		text_attributes_add(slice_head(input->raw, header->body), record);
	return true;
}
