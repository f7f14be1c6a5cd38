/* push_otlp_record.c - severities and ids of OTLP */
#include "api/push_otlp_record.h"

/* opentelemetry-proto, SeverityNumber: four of each level from TRACE on. INFO2 is
 * siftd's NOTICE, as in its own output */
enum severity push_otlp_severity(uint64_t number)
{
	static const enum severity levels[] = { SEVERITY_TRACE, SEVERITY_DEBUG,
						SEVERITY_INFO,  SEVERITY_WARN,
						SEVERITY_ERROR, SEVERITY_CRITICAL };

	if (number == 0 || number > 24)
		return SEVERITY_NONE;
	return number == 10 ? SEVERITY_NOTICE : levels[(number - 1) / 4];
}

void push_otlp_set_severity(struct push_record *record, uint64_t number,
			    struct slice text)
{
	struct pushed *fields = &record->fields;

	fields->severity = push_otlp_severity(number);
	if (fields->severity == SEVERITY_NONE)
		fields->severity = severity_of_word(text);
	if (text.len > 0 && severity_of_word(text) != fields->severity)
		push_record_attribute(record, SLICE("severity_text"), text);
}

void push_otlp_add_id(struct push_record *record, const char *key, struct slice hex)
{
	for (size_t i = 0; i < hex.len; i++) {
		if (hex.ptr[i] != '0') {
			push_record_attribute(record, slice_str(key), hex);
			return;
		}
	}
}
