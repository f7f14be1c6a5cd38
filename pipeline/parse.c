/* parse.c - the table of parsers, and who is asked when */
#include "pipeline/parse.h"

#include "base/timestamp.h"
#include "pipeline/envelope.h"
#include "pipeline/front.h"
#include "pipeline/parse_header.h"
#include "pipeline/pushed.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/timestamp_scan.h"

const struct parser parsers[FORMAT_COUNT] = {
	[FORMAT_TEXT] = { "text", '\0', parse_text },
	[FORMAT_JSON] = { "json", '{', parse_json },
	[FORMAT_SYSLOG5424] = { "syslog5424", '<', parse_syslog5424 },
	[FORMAT_SYSLOG3164] = { "syslog3164", '<', parse_syslog3164 },
	[FORMAT_LOGFMT] = { "logfmt", '\0', parse_logfmt },
	[FORMAT_ACCESS] = { "access", '\0', parse_access },
	[FORMAT_JOURNAL] = { "journal", '_', parse_journal },
	[FORMAT_WINDOWS_EVENT] = { "windows_event", 'L', parse_windows_event },
	[FORMAT_AUDIT] = { "audit", 't', parse_audit },
	[FORMAT_KUBE_EVENT] = { "kubernetes_event", '\0', parse_kube_event },
	[FORMAT_ENVOY] = { "envoy", '\0', parse_envoy },
	[FORMAT_HAPROXY] = { "haproxy", '\0', parse_haproxy },
};

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

/* a clock that was never set, or counts from elsewhere, orders nothing: the record
 * keeps what it stated, and is taken to be of when it was seen */
static void check_time(const struct parse_input *input, struct record *record)
{
	char text[TIMESTAMP_TEXT_MAX];

	if (record->timestamp_us == TIMESTAMP_NONE ||
	    timestamp_is_plausible(record->timestamp_us, input->context->now_us))
		return;
	stamp_trace_refuse(input->context->trace);
	record_add_attribute(record, SLICE("timestamp.stated"),
			     arena_dup(input->scratch,
				       timestamp_format(record->timestamp_us, text)));
	record->timestamp_us = TIMESTAMP_NONE;
}

static void parse_enveloped(const struct parse_input *input, struct record *record)
{
	struct parse_input inner = *input;
	struct envelope envelope;

	if (!envelope_open(parse_first_line(input->raw), &envelope)) {
		parse_fields(&inner, record);
		check_time(input, record);
		return;
	}
	inner.raw = envelope_unwrap(input->raw, &envelope, input->scratch);
	parse_fields(&inner, record);
	check_time(input, record);
	if (record->timestamp_us == TIMESTAMP_NONE)
		record->timestamp_us =
			timestamp_of_text(envelope.stamp, input->context);
	record_add_attribute(record, SLICE("log.iostream"), envelope.stream);
}

void parse_assembled(const struct parse_input *input, struct record *record)
{
	struct parse_input inner = *input;
	struct pushed pushed;

	record->raw = input->raw;
	record->shape = NULL;
	record->extra = (struct slice){ 0 };
	if (!pushed_read(input->raw, input->scratch, &pushed)) {
		parse_enveloped(input, record);
		return;
	}
	/* what was stated is not in the bytes that are kept */
	stamp_trace_refuse(input->context->trace);
	record->raw = pushed.body;
	inner.raw = pushed.body;
	inner.header = NULL;
	parse_enveloped(&inner, record);
	pushed_apply(&pushed, input->scratch, record);
	check_time(input, record);
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

void parse_stored(struct slice raw, struct slice extra, int64_t now_us,
		  struct arena *scratch, struct record *record)
{
	struct timestamp_context context = { .now_us = now_us };
	const struct parse_input input = {
		.raw = raw,
		.context = &context,
		.scratch = scratch,
	};

	record->observed_timestamp_us = now_us;
	record->raw = raw;
	record->shape = NULL;
	record->extra = extra;
	parse_enveloped(&input, record);
	if (extra.len > 0)
		pushed_add_attributes(extra, scratch, record);
}

const char *parse_format_name(uint8_t format)
{
	return format < FORMAT_COUNT && parsers[format].name != NULL
		       ? parsers[format].name
		       : "unknown";
}
