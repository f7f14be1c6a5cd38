/* header.h - finds where the header of a log line ends, and what it says
 *
 * Threads: any; pure.
 * Limits: stamps are looked for in the first HEADER_BYTES_MAX bytes, fields up to
 *         HEADER_ITEMS_MAX; lines that are longer keep the rest as body.
 *
 *   2015-10-18 18:01:47,978 INFO [main] org.apache.Foo: Created application
 *   `--- timestamp -------' sev.        `- service ---' `- body
 */
#ifndef SIFTD_PIPELINE_HEADER_H
#define SIFTD_PIPELINE_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/record.h"
#include "pipeline/timestamp_scan.h"

#define HEADER_BYTES_MAX 160
#define HEADER_ITEMS_MAX 10

/* a run of the line's bytes; len 0: absent. Offsets, so that a line may move. */
struct header_span {
	uint32_t at;
	uint32_t len;
};

struct header {
	int64_t timestamp_us;
	enum severity severity;
	uint8_t confidence; /* percent */
	uint8_t format;     /* enum record_format: text or syslog3164 */
	bool found;         /* a timestamp or a level: a record begins here */
	uint32_t body;      /* offset of the message */
	struct header_span severity_text;
	struct header_span service;
	struct header_span host;
	struct header_span pid;
	struct header_span absurd; /* a stamp of no real time: 0000-00-00, 9999-12-31 */
};

/* line: without its line end */
void header_scan(struct slice line, const struct timestamp_context *context,
		 struct header *header);

/* the same for what stood behind a syslog priority: host and tag follow any stamp */
void header_scan_syslog(struct slice line, const struct timestamp_context *context,
			struct header *header);
/* java.util.logging: a stamp, a class and a method, and on the next line the level */
bool header_begins_pair(struct slice first, const struct header *header,
			struct slice second);

/* PostgreSQL: DETAIL, HINT, STATEMENT and the like, which are of the record before */
bool header_is_annex(struct slice line, const struct header *header);

static inline struct slice header_slice(struct slice line, struct header_span span)
{
	if (span.len == 0)
		return (struct slice){ 0 };
	return slice_of(line.ptr + span.at, span.len);
}

#endif
