/* parse_header.h - what a header scan found, as the fields of a record
 *
 * Threads: any; pure.
 * Owner: the record borrows from the line.
 */
#ifndef SIFTD_PIPELINE_PARSE_HEADER_H
#define SIFTD_PIPELINE_PARSE_HEADER_H

#include "pipeline/header.h"
#include "pipeline/record.h"

/* timestamp, severity, service, host, body from a header scan of `line` */
void parse_apply_header(const struct header *header, struct slice line,
			struct record *record);
/* the first line, without its line end */
struct slice parse_first_line(struct slice raw);

#endif
