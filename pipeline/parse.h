/* parse.h - from an assembled record's bytes to its fields; the table of parsers
 *
 * Threads: any; pure.
 * Owner: the record borrows from the raw bytes and from the scratch arena.
 *
 * A parser is one file, one value of enum record_format and one line in parsers[]. The
 * first byte and the table's order decide which is asked, never what came before: the
 * same bytes give the same record in a stream and on their own.
 *
 * A parser that judges the value of a digit, and not only its place - a status, a level
 * - says so by stamp_trace_refuse(input->context->trace) before it looks
 * (stamp_trace.h).
 */
#ifndef SIFTD_PIPELINE_PARSE_H
#define SIFTD_PIPELINE_PARSE_H

#include <stdbool.h>

#include "base/arena.h"
#include "pipeline/format.h"
#include "pipeline/header.h"
#include "pipeline/record.h"
#include "pipeline/timestamp_scan.h"

struct parse_input {
	struct slice raw;            /* for a parser: without envelopes */
	const struct header *header; /* of raw's first line */
	const struct timestamp_context *context;
	struct arena *scratch;
	bool attributes; /* those of plain text are wanted too */
};

struct parser {
	const char *name;
	/* what a record of this format begins with; NUL: any byte, and then the header
	 * is given */
	char first_byte;
	/* is called when the first byte fits: true when the record is of this format
	 * and its fields are set. On false the record's fields may be touched. */
	bool (*parse)(const struct parse_input *input, struct record *record);
};

extern const struct parser parsers[FORMAT_COUNT];

bool parse_text(const struct parse_input *input, struct record *record);
bool parse_json(const struct parse_input *input, struct record *record);
bool parse_logfmt(const struct parse_input *input, struct record *record);
bool parse_access(const struct parse_input *input, struct record *record);
bool parse_journal(const struct parse_input *input, struct record *record);
bool parse_windows_event(const struct parse_input *input, struct record *record);
bool parse_audit(const struct parse_input *input, struct record *record);
bool parse_kube_event(const struct parse_input *input, struct record *record);
bool parse_envoy(const struct parse_input *input, struct record *record);
bool parse_haproxy(const struct parse_input *input, struct record *record);
bool parse_syslog5424(const struct parse_input *input, struct record *record);
bool parse_syslog3164(const struct parse_input *input, struct record *record);

/* fills the record from input->raw, which may still lie in envelopes; input->header (of
 * the first line's inner text) may be NULL: it is scanned then */
void parse_assembled(const struct parse_input *input, struct record *record);

#endif
