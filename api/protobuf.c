/* protobuf.c - varints, fixed numbers and lengths */
#include "api/protobuf.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define VARINT_BYTES_MAX 10
#define FIELD_NUMBER_MAX ((UINT64_C(1) << 29) - 1)

static bool take_varint(struct slice *rest, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < rest->len && i < VARINT_BYTES_MAX; i++) {
		uint64_t byte = (unsigned char)rest->ptr[i];

		/* the tenth byte holds one bit */
		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return false;
		value |= (byte & 0x7f) << (7 * i);
		if ((byte & 0x80) == 0) {
			*rest = slice_from(*rest, i + 1);
			*out = value;
			return true;
		}
	}
	return false;
}

static bool take_fixed64(struct slice *rest, uint64_t *out)
{
	if (rest->len < sizeof(*out))
		return false;
	memcpy(out, rest->ptr, sizeof(*out));
	*out = le64toh(*out);
	*rest = slice_from(*rest, sizeof(*out));
	return true;
}

static bool take_fixed32(struct slice *rest, uint64_t *out)
{
	uint32_t value = 0;

	if (rest->len < sizeof(value))
		return false;
	memcpy(&value, rest->ptr, sizeof(value));
	*out = le32toh(value);
	*rest = slice_from(*rest, sizeof(value));
	return true;
}

static bool take_bytes(struct slice *rest, struct slice *out)
{
	uint64_t len = 0;

	if (!take_varint(rest, &len) || len > rest->len)
		return false;
	*out = slice_head(*rest, (size_t)len);
	*rest = slice_from(*rest, (size_t)len);
	return true;
}

static bool take_value(struct slice *rest, uint64_t wire, struct protobuf_field *field)
{
	switch (wire) {
	case PROTOBUF_VARINT:
		return take_varint(rest, &field->value);
	case PROTOBUF_FIXED64:
		return take_fixed64(rest, &field->value);
	case PROTOBUF_BYTES:
		return take_bytes(rest, &field->bytes);
	case PROTOBUF_FIXED32:
		return take_fixed32(rest, &field->value);
	default:
		return false;
	}
}

int protobuf_next(struct slice *message, struct protobuf_field *field)
{
	uint64_t key = 0;

	if (message->len == 0)
		return 0;
	*field = (struct protobuf_field){ 0 };
	if (!take_varint(message, &key) || key >> 3 == 0 ||
	    key >> 3 > FIELD_NUMBER_MAX || !take_value(message, key & 7, field))
		return -1;
	field->number = (uint32_t)(key >> 3);
	field->wire = (enum protobuf_wire)(key & 7);
	return 1;
}
