/* record.h - one log record, from frame to batch
 *
 * Threads: a record belongs to one lane (or one query worker) at a time.
 * Owner: every slice borrows, either from the source's bytes or from the scratch arena
 *        of the parse; a record is valid until the next one is taken.
 * Limits: at most RECORD_ATTRIBUTES_MAX attributes; further ones are not kept (the raw
 *         bytes are), and attributes_dropped counts them.
 *
 * Field names are those of the OpenTelemetry log data model; the API's short names
 * (ts, level, service, host, message) are mapped in api/ and the command line only.
 */
#ifndef SIFTD_PIPELINE_RECORD_H
#define SIFTD_PIPELINE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define RECORD_ATTRIBUTES_MAX 64
/* no timestamp was found */
#define TIMESTAMP_NONE INT64_MIN

/* stored in blocks as these numbers: append only */
enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_TRACE = 1,
	SEVERITY_DEBUG = 2,
	SEVERITY_INFO = 3,
	SEVERITY_NOTICE = 4,
	SEVERITY_WARN = 5,
	SEVERITY_ERROR = 6,
	SEVERITY_CRITICAL = 7,
	SEVERITY_COUNT = 8
};

/* where a source has been read to; ordered by offset, then inner.
 * A byte stream (file) uses offset alone. A framed log (spool, Kafka) counts frames or
 * log bytes in offset, and bytes inside that frame's payload in inner. */
struct position {
	int64_t offset;
	int64_t inner;
};

struct shape;

struct attribute {
	struct slice key;
	struct slice value;
};

struct record {
	struct slice raw;     /* all lines, byte for byte, without the last line end */
	struct slice body;    /* the message: raw without header, or a field of it */
	int64_t timestamp_us; /* since the epoch, or TIMESTAMP_NONE */
	int64_t observed_timestamp_us;
	enum severity severity;
	uint8_t confidence; /* of the parse, in percent */
	uint8_t format;     /* which parser: index into parsers[], see parse.h */
	struct slice
		severity_text; /* as written; ptr NULL when absent, as for all these */
	struct slice service_name;
	struct slice host_name;
	struct attribute attributes[RECORD_ATTRIBUTES_MAX];
	size_t attributes_count;
	size_t attributes_dropped;
	struct slice extra;  /* JSON object of attributes that raw lacks, or empty */
	struct shape *shape; /* what is known of records like it (shape_cache.h), or
				NULL */
};

/* "TRACE" ... "CRITICAL"; NULL for SEVERITY_NONE */
const char *severity_name(enum severity severity);
/* OpenTelemetry SeverityNumber: TRACE 1, DEBUG 5, INFO 9, NOTICE 10, WARN 13, ERROR 17,
 * CRITICAL 21; 0 for none */
int severity_number(enum severity severity);
/* a level word of any usual spelling (warning, err, fatal, emerg, E, ...); NONE if
 * unknown */
enum severity severity_of_word(struct slice word);

/* the value, or a slice with ptr NULL */
struct slice record_attribute(const struct record *record, struct slice key);
void record_add_attribute(struct record *record, struct slice key, struct slice value);

static inline int position_compare(struct position a, struct position b)
{
	if (a.offset != b.offset)
		return a.offset < b.offset ? -1 : 1;
	return a.inner < b.inner ? -1 : a.inner > b.inner;
}

#endif
