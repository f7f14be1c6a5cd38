/* push_otlp_value.h - an AnyValue of OTLP's protobuf, as text or as JSON
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_API_PUSH_OTLP_VALUE_H
#define SIFTD_API_PUSH_OTLP_VALUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

/* a text as it is; numbers as digits; what holds values as JSON. false: malformed */
bool push_otlp_value(struct slice any, struct arena *arena, struct slice *out);

#endif
