/* parse_syslog.h - what both syslog formats share: the priority, and messages that hold
 * a format of their own
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_PIPELINE_PARSE_SYSLOG_H
#define SIFTD_PIPELINE_PARSE_SYSLOG_H

#include <stdbool.h>

#include "pipeline/parse.h"

/* "<PRI>" at the start: bytes consumed, 0 when none; sets severity and facility */
size_t syslog_take_priority(struct slice text, struct record *record);
bool syslog_has_priority(struct slice text);
/* a JSON body gives its fields to the record */
void syslog_parse_body(const struct parse_input *input, struct record *record);

#endif
