/* record.c - severities and attributes */
#include "pipeline/record.h"

#include "base/compiler.h"

static const struct {
	const char *name;
	int number;
} severities[SEVERITY_COUNT] = {
	[SEVERITY_NONE] = { NULL, 0 },        [SEVERITY_TRACE] = { "TRACE", 1 },
	[SEVERITY_DEBUG] = { "DEBUG", 5 },    [SEVERITY_INFO] = { "INFO", 9 },
	[SEVERITY_NOTICE] = { "NOTICE", 10 }, [SEVERITY_WARN] = { "WARN", 13 },
	[SEVERITY_ERROR] = { "ERROR", 17 },   [SEVERITY_CRITICAL] = { "CRITICAL", 21 },
};

const char *severity_name(enum severity severity)
{
	return severities[severity].name;
}

int severity_number(enum severity severity)
{
	return severities[severity].number;
}

struct slice record_attribute(const struct record *record, struct slice key)
{
	for (size_t i = 0; i < record->attributes_count; i++) {
		if (slice_equal(record->attributes[i].key, key))
			return record->attributes[i].value;
	}
	return (struct slice){ 0 };
}

void record_add_attribute(struct record *record, struct slice key, struct slice value)
{
	if (record->attributes_count == RECORD_ATTRIBUTES_MAX) {
		record->attributes_dropped++;
		return;
	}
	record->attributes[record->attributes_count++] =
		(struct attribute){ key, value };
}
