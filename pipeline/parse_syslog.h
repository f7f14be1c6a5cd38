/* parse_syslog.h - what both syslog formats share: the priority, and messages that hold
 * a format of their own
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_PIPELINE_PARSE_SYSLOG_H
#define SIFTD_PIPELINE_PARSE_SYSLOG_H

#include <stdbool.h>

#include "pipeline/parse.h"

#define SYSLOG_FACILITY "syslog.facility"

/* "<PRI>" at the start: bytes consumed, 0 when none; sets severity, and facility as the
 * first attribute, a text that lives as long as the program */
size_t syslog_take_priority(const struct parse_input *input, struct record *record);
/* bytes at the start whose values are looked at: of "<PRI>" and what may be a version
 */
size_t syslog_judged_bytes(struct slice text);
/* a JSON body gives its fields to the record */
void syslog_parse_body(const struct parse_input *input, struct record *record);

#endif
