/* parse_header.c - offsets in a line become slices of a record */
#include "pipeline/parse_header.h"

struct slice parse_first_line(struct slice raw)
{
	const char *end = raw.len == 0 ? NULL : memchr(raw.ptr, '\n', raw.len);
	struct slice line =
		end == NULL ? raw : slice_head(raw, (size_t)(end - raw.ptr));

	if (end != NULL && line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

void parse_apply_header(const struct header *header, struct slice line,
			struct record *record)
{
	record->timestamp_us = header->timestamp_us;
	record->severity = header->severity;
	record->confidence = header->confidence;
	record->severity_text = header_slice(line, header->severity_text);
	record->service_name = header_slice(line, header->service);
	record->host_name = header_slice(line, header->host);
	record->body = slice_from(line, header->body);
	/* a header that fills its line, as .NET's console does: the message is below */
	if (record->body.len > 0 && record->body.ptr[0] == '\n')
		record->body = slice_trim(record->body);
	if (header->absurd.len > 0 && header->timestamp_us == TIMESTAMP_NONE)
		record_add_attribute(record, SLICE("timestamp.stated"),
				     header_slice(line, header->absurd));
	if (header->pid.len > 0)
		record_add_attribute(record, SLICE("pid"),
				     header_slice(line, header->pid));
}
