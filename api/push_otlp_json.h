/* push_otlp_json.h - OTLP logs in protobuf's JSON mapping, with the spec's exceptions:
 * ids are hexadecimal, enums are numbers, 64-bit integers may be texts
 *
 * Threads: any; pure.
 * Limits: values inside values are kept as the JSON that came.
 */
#ifndef SIFTD_API_PUSH_OTLP_JSON_H
#define SIFTD_API_PUSH_OTLP_JSON_H

#include "api/push_decode.h"

enum push_status push_otlp_json(struct slice body, struct push_lines *lines);

#endif
