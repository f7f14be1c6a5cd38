/* push_hec.h - Splunk's HTTP Event Collector: events as JSON, and raw lines
 *
 * As in Splunk's documentation of /services/collector. host and time become the fields;
 * source, sourcetype, index and fields attributes. Answers come after the fsync, so
 * every acknowledgment that is asked for is given.
 *
 * Threads: the routes on the loop; the decoders anywhere.
 */
#ifndef SIFTD_API_PUSH_HEC_H
#define SIFTD_API_PUSH_HEC_H

#include "api/push_decode.h"
#include "api/route.h"

route_handler_fn push_hec_event;
route_handler_fn push_hec_raw;
route_handler_fn push_hec_ack;
route_handler_fn push_hec_health;
/* JSON objects one behind the other */
push_decode_fn push_hec_decode;
/* lines as they are; each a record of its own when host or source was stated */
push_decode_fn push_hec_decode_raw;

#endif
