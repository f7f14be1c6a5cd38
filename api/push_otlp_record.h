/* push_otlp_record.h - what both encodings of an OTLP log record end as
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_API_PUSH_OTLP_RECORD_H
#define SIFTD_API_PUSH_OTLP_RECORD_H

#include "api/push_decode.h"

/* SeverityNumber 1 to 24; 0: not stated */
enum severity push_otlp_severity(uint64_t number);
/* level by number, or by text where there is no number; a text that says more than the
 * level stays an attribute */
void push_otlp_set_severity(struct push_record *record, uint64_t number,
			    struct slice text);
/* an id of 16 or 32 hex digits; one of zeros means none */
void push_otlp_add_id(struct push_record *record, const char *key, struct slice hex);

#endif
