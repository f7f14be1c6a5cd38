/* cisco.c - "%LINK-3-UPDOWN: ", also behind a colon that ended the stamp */
#include "pipeline/cisco.h"

#include "pipeline/byte_class.h"

static size_t name_length(struct slice text)
{
	size_t len = 0;

	while (len < text.len && (byte_is(text.ptr[len], BYTE_UPPER | BYTE_DIGIT) ||
				  text.ptr[len] == '_'))
		len++;
	return len;
}

void cisco_take_mnemonic(struct record *record)
{
	static const enum severity severities[] = {
		SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_ERROR,
		SEVERITY_WARN,     SEVERITY_NOTICE,   SEVERITY_INFO,     SEVERITY_DEBUG,
	};
	struct slice rest = record->body;
	size_t len = 0;

	while (rest.len > 0 && (rest.ptr[0] == ':' || rest.ptr[0] == ' '))
		rest = slice_from(rest, 1);
	if (rest.len < 8 || rest.ptr[0] != '%')
		return;

	struct slice facility = slice_from(rest, 1);

	facility = slice_head(facility, name_length(facility));
	rest = slice_from(rest, facility.len + 1);
	if (facility.len == 0 || rest.len < 4 || rest.ptr[0] != '-' ||
	    rest.ptr[1] < '0' || rest.ptr[1] > '7' || rest.ptr[2] != '-')
		return;

	enum severity severity = severities[rest.ptr[1] - '0'];
	struct slice digit = slice_of(rest.ptr + 1, 1);

	rest = slice_from(rest, 3);
	len = name_length(rest);
	if (len == 0 || len >= rest.len || rest.ptr[len] != ':')
		return;
	record->severity = severity;
	record->severity_text = digit;
	record->service_name = facility;
	record_add_attribute(record, SLICE("cisco.mnemonic"), slice_head(rest, len));
	record->body = slice_trim(slice_from(rest, len + 1));
}
