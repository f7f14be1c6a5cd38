/* protobuf.h - walks the fields of a protobuf message in place
 *
 * Threads: any; pure. Owner: bytes borrow from the message.
 * Limits: none of its own; messages inside are walked by the caller, who bounds depth.
 *
 * The wire format of protobuf.dev/programming-guides/encoding. Groups, which proto3
 * does not have, are malformed.
 *
 *	while ((got = protobuf_next(&rest, &field)) == 1)
 *		...
 */
#ifndef SIFTD_API_PROTOBUF_H
#define SIFTD_API_PROTOBUF_H

#include <stdint.h>

#include "base/slice.h"

enum protobuf_wire {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2, /* text, bytes, messages, packed numbers */
	PROTOBUF_FIXED32 = 5
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;     /* of all but PROTOBUF_BYTES */
	struct slice bytes; /* of PROTOBUF_BYTES */
};

/* takes the first field off the message. 1: there was one; 0: the message ended; -1: it
 * is malformed */
int protobuf_next(struct slice *message, struct protobuf_field *field);
/* the field is of that number, and written so */
static inline int protobuf_is(const struct protobuf_field *field, uint32_t number,
			      enum protobuf_wire wire)
{
	return field->number == number && field->wire == wire;
}

#endif
