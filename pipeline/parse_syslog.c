/* parse_syslog.c - RFC 5424 section 6.2.1: PRI is facility * 8 + severity */
#include "pipeline/parse_syslog.h"

#include "base/compiler.h"
#include "pipeline/byte_class.h"
#include "pipeline/stamp_trace.h"

static const char facilities[][9] = {
	"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
	"lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
	"ntp",    "audit",  "alert",  "clock",  "local0",   "local1",
	"local2", "local3", "local4", "local5", "local6",   "local7",
};

static const enum severity severities[] = {
	SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_ERROR,
	SEVERITY_WARN,     SEVERITY_NOTICE,   SEVERITY_INFO,     SEVERITY_DEBUG,
};

/* RFC 5424 allows no leading zero; clients send them all the same */
static size_t read_priority(struct slice text, unsigned *priority)
{
	size_t at = 1;

	*priority = 0;
	if (text.len < 3 || text.ptr[0] != '<')
		return 0;
	for (; at < text.len && at < 4 && byte_is(text.ptr[at], BYTE_DIGIT); at++)
		*priority = *priority * 10 + (unsigned)(text.ptr[at] - '0');
	if (at == 1 || at == text.len || text.ptr[at] != '>' || *priority > 191)
		return 0;
	return at + 1;
}

size_t syslog_judged_bytes(struct slice text)
{
	size_t at = 1;

	if (text.len < 3 || text.ptr[0] != '<')
		return 0;
	while (at < text.len && at < 4 && byte_is(text.ptr[at], BYTE_DIGIT))
		at++;
	if (at == text.len || text.ptr[at] != '>')
		return 0;
	at++;
	return at + 1 < text.len && text.ptr[at + 1] == ' ' ? at + 1 : at;
}

size_t syslog_take_priority(const struct parse_input *input, struct record *record)
{
	unsigned priority = 0;
	size_t len = read_priority(input->raw, &priority);

	/* where a line begins with it, whoever keeps the line keeps its value */
	if (!stamp_trace_begins(input->context->trace, input->raw))
		stamp_trace_refuse(input->context->trace);
	if (len == 0)
		return 0;
	record->severity = severities[priority % 8];
	record_add_attribute(record, SLICE(SYSLOG_FACILITY),
			     slice_str(facilities[priority / 8]));
	return len;
}

void syslog_parse_body(const struct parse_input *input, struct record *record)
{
	if (record->body.len == 0 || record->body.ptr[0] != '{')
		return;

	struct parse_input inner = *input;
	struct record outer = *record;

	/* 01 is no number */
	stamp_trace_refuse(input->context->trace);
	inner.raw = record->body;
	if (!parse_json(&inner, record)) {
		*record = outer;
		return;
	}
	/* the transport's stamp is the application's, or close to it */
	if (record->timestamp_us == TIMESTAMP_NONE)
		record->timestamp_us = outer.timestamp_us;
	record->format = FORMAT_JSON;
}
