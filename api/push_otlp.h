/* push_otlp.h - OpenTelemetry's OTLP/HTTP: ExportLogsServiceRequest as JSON or protobuf
 *
 * opentelemetry-proto 1.x, collector/logs/v1/logs_service.proto and logs/v1/logs.proto;
 * answers as in the OTLP specification, OTLP/HTTP Response: 200 with partial_success,
 * errors as google.rpc.Status, in the request's encoding.
 *
 * Resource attributes, then those of the scope, then the record's become attributes;
 * the resource's service.name and host.name the fields. A body that is no text is kept
 * as JSON.
 *
 * Threads: the route on the loop; the decoder anywhere.
 */
#ifndef SIFTD_API_PUSH_OTLP_H
#define SIFTD_API_PUSH_OTLP_H

#include "api/push_decode.h"
#include "api/route.h"

route_handler_fn push_otlp_route;
push_decode_fn push_otlp_decode;

#endif
