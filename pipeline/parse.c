/* parse.c - the table of parsers, and plain text as what is left */
#include "pipeline/parse.h"

#include "base/compiler.h"
#include "pipeline/envelope.h"
#include "pipeline/front.h"
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

static bool parse_text(const struct parse_input *input, struct record *record)
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

const struct parser parsers[FORMAT_COUNT] = {
	[FORMAT_TEXT] = { "text", '\0', parse_text },
	[FORMAT_JSON] = { "json", '{', parse_json },
	[FORMAT_SYSLOG5424] = { "syslog5424", '<', parse_syslog5424 },
	[FORMAT_SYSLOG3164] = { "syslog3164", '<', parse_syslog3164 },
	[FORMAT_LOGFMT] = { "logfmt", '\0', parse_logfmt },
	[FORMAT_ACCESS] = { "access", '\0', parse_access },
};

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
	if (header->pid.len > 0)
		record_add_attribute(record, SLICE("pid"),
				     header_slice(line, header->pid));
}

static void clear_fields(struct record *record, struct slice body)
{
	record->body = body;
	record->timestamp_us = TIMESTAMP_NONE;
	record->severity = SEVERITY_NONE;
	record->confidence = 0;
	record->format = FORMAT_TEXT;
	record->severity_text = (struct slice){ 0 };
	record->service_name = (struct slice){ 0 };
	record->host_name = (struct slice){ 0 };
	record->attributes_count = 0;
	record->attributes_dropped = 0;
}

static bool try_parser(unsigned format, const struct parse_input *input,
		       struct record *record)
{
	clear_fields(record, input->raw);
	record->format = (uint8_t)format;
	return parsers[format].parse(input, record);
}

static void parse_fields(struct parse_input *input, struct record *record)
{
	struct header header;
	char first = '\0';

	if (input->raw.len > 0)
		first = input->raw.ptr[0];
	for (unsigned i = FORMAT_TEXT + 1; i < FORMAT_COUNT && first != '\0'; i++) {
		if (parsers[i].first_byte == first && try_parser(i, input, record))
			return;
	}
	if (input->header == NULL) {
		header_scan(parse_first_line(input->raw), input->context, &header);
		input->header = &header;
	}
	for (unsigned i = FORMAT_TEXT + 1; i < FORMAT_COUNT; i++) {
		if (parsers[i].first_byte == '\0' && try_parser(i, input, record))
			return;
	}
	(void)try_parser(FORMAT_TEXT, input, record); /* text fits always */
}

void parse_assembled(const struct parse_input *input, struct record *record)
{
	struct parse_input inner = *input;
	struct envelope envelope;

	record->raw = input->raw;
	if (!envelope_open(parse_first_line(input->raw), &envelope)) {
		parse_fields(&inner, record);
		return;
	}
	inner.raw = envelope_unwrap(input->raw, &envelope, input->scratch);
	parse_fields(&inner, record);
	if (record->timestamp_us == TIMESTAMP_NONE)
		record->timestamp_us =
			timestamp_of_text(envelope.stamp, input->context);
	record_add_attribute(record, SLICE("log.iostream"), envelope.stream);
}

void parse_record(struct slice raw, const struct front_config *config, int64_t now_us,
		  struct arena *scratch, struct record *record)
{
	struct timestamp_context context = {
		.now_us = now_us,
		.zone_offset_s = config->zone_offset_s,
	};
	struct parse_input input = {
		.raw = raw,
		.context = &context,
		.scratch = scratch,
		.attributes = true,
	};

	record->observed_timestamp_us = now_us;
	parse_assembled(&input, record);
}

const char *parse_format_name(uint8_t format)
{
	return format < FORMAT_COUNT && parsers[format].name != NULL
		       ? parsers[format].name
		       : "unknown";
}
