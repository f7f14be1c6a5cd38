/* push_otlp_proto.h - OTLP logs as protobuf
 *
 *   ExportLogsServiceRequest  1 resource_logs
 *   ResourceLogs              1 resource (1 attributes), 2 scope_logs
 *   ScopeLogs                 1 scope (1 name, 3 attributes), 2 log_records
 *   LogRecord                 1 time_unix_nano, 2 severity_number, 3 severity_text,
 *                             5 body, 6 attributes, 9 trace_id, 10 span_id,
 *                             11 observed_time_unix_nano, 12 event_name
 *   KeyValue                  1 key, 2 value
 *   AnyValue                  1 string, 2 bool, 3 int, 4 double, 5 array, 6 kvlist, 7
 * bytes
 *
 * Threads: any; pure.
 * Limits: values inside values down to PUSH_OTLP_DEPTH_MAX; what lies deeper is null.
 */
#ifndef SIFTD_API_PUSH_OTLP_PROTO_H
#define SIFTD_API_PUSH_OTLP_PROTO_H

#include "api/push_decode.h"

#define PUSH_OTLP_DEPTH_MAX 8

enum push_status push_otlp_proto(struct slice body, struct push_lines *lines);

#endif
