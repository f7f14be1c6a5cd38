/* push_loki_proto.h - Loki's streams as protobuf (pkg/push/push.proto), unpacked
 * already
 *
 *   PushRequest    1 streams
 *   StreamAdapter  1 labels "{name=\"value\", ..}", 2 entries
 *   EntryAdapter   1 timestamp (1 seconds, 2 nanos), 2 line, 3 structured metadata
 *   LabelPair      1 name, 2 value
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_API_PUSH_LOKI_PROTO_H
#define SIFTD_API_PUSH_LOKI_PROTO_H

#include "api/push_decode.h"

enum push_status push_loki_proto(struct slice body, struct push_lines *lines);
/* takes the first label off "{a=\"b\", ..}", opening bracket or comma and all; values
 * are quoted as Go quotes. 1: it was there; 0: the end; -1: malformed */
int push_loki_take_label(struct slice *labels, struct slice *name, struct slice *value,
			 bool *escaped);

#endif
