/* push_loki.h - Grafana Loki's push: JSON, or protobuf compressed by snappy
 *
 * As in Loki's documentation of POST /loki/api/v1/push, and pkg/push/push.proto. Labels
 * and structured metadata become attributes; those that name a service, a host or a
 * level, the fields too.
 *
 * Threads: the routes on the loop; the decoder anywhere.
 */
#ifndef SIFTD_API_PUSH_LOKI_H
#define SIFTD_API_PUSH_LOKI_H

#include "api/push_decode.h"
#include "api/route.h"

/* 204; 400 with a text when lines are too long, after the others were stored */
route_handler_fn push_loki_route;
push_decode_fn push_loki_decode;

#endif
