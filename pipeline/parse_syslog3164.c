/* parse_syslog3164.c - RFC 3164 and what calls itself so: <PRI>[STAMP] [HOST] [TAG:]
 * MSG, with any stamp, or none */
#include "pipeline/cisco.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
#include "pipeline/parse_syslog.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/text_attributes.h"

/* its level is a digit, which is no stamp's */
static void take_mnemonic(const struct parse_input *input, struct record *record)
{
	struct slice body = record->body;

	if (body.len == 0 ||
	    (body.ptr[0] != '%' && body.ptr[0] != ':' && body.ptr[0] != ' '))
		return;
	stamp_trace_refuse(input->context->trace);
	cisco_take_mnemonic(record);
}

bool parse_syslog3164(const struct parse_input *input, struct record *record)
{
	struct slice rest = slice_from(input->raw, syslog_take_priority(input, record));
	struct slice line = parse_first_line(rest);
	struct header header;

	if (rest.ptr == input->raw.ptr)
		return false;

	enum severity priority = record->severity;

	header_scan_syslog(line, input->context, &header);
	parse_apply_header(&header, rest, record);
	/* a level in the text is the program's own word; the priority is often a
	 * default */
	if (record->severity == SEVERITY_NONE)
		record->severity = priority;
	take_mnemonic(input, record);
	record->confidence = header.format == FORMAT_SYSLOG3164 ? 95 : 70;
	if (input->attributes)
		text_attributes_add(slice_head(rest, header.body), record);
	syslog_parse_body(input, record);
	return true;
}
