/* push_otlp_value.c - values that hold values become JSON, to a bounded depth */
#include "api/push_otlp_value.h"

#include <sodium.h>
#include <string.h>

#include "api/protobuf.h"
#include "api/push_otlp_proto.h"
#include "base/json_out.h"

enum any_field {
	ANY_STRING = 1,
	ANY_BOOL = 2,
	ANY_INT = 3,
	ANY_DOUBLE = 4,
	ANY_ARRAY = 5,
	ANY_KVLIST = 6,
	ANY_BYTES = 7
};

/* the one field of a value; number 0: it is empty. false: malformed */
static bool only_field(struct slice any, struct protobuf_field *out)
{
	struct protobuf_field field;
	int got = 0;

	*out = (struct protobuf_field){ 0 };
	while ((got = protobuf_next(&any, &field)) == 1)
		*out = field; /* of a oneof the last counts */
	return got == 0;
}

static bool write_value(struct json_out *out, struct slice any, unsigned depth);

/* ArrayValue: 1 values */
static bool write_array(struct json_out *out, struct slice array, unsigned depth)
{
	struct protobuf_field field;
	bool good = true;
	int got = 0;

	json_array_begin(out);
	while (good && (got = protobuf_next(&array, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES))
			good = write_value(out, field.bytes, depth);
	}
	json_array_end(out);
	return good && got == 0;
}

static bool write_pair(struct json_out *out, struct slice pair, unsigned depth)
{
	struct protobuf_field field;
	struct slice key = SLICE("");
	struct slice value = SLICE("");
	int got = 0;

	while ((got = protobuf_next(&pair, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES))
			key = field.bytes;
		else if (protobuf_is(&field, 2, PROTOBUF_BYTES))
			value = field.bytes;
	}
	json_key_slice(out, key);
	return write_value(out, value, depth) && got == 0;
}

/* KeyValueList: 1 values */
static bool write_list(struct json_out *out, struct slice list, unsigned depth)
{
	struct protobuf_field field;
	bool good = true;
	int got = 0;

	json_object_begin(out);
	while (good && (got = protobuf_next(&list, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES))
			good = write_pair(out, field.bytes, depth);
	}
	json_object_end(out);
	return good && got == 0;
}

static void write_base64(struct json_out *out, struct slice bytes)
{
	size_t size =
		sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
	struct buf text = { 0 };

	buf_reserve(&text, size);
	sodium_bin2base64(text.data, size, (const unsigned char *)bytes.ptr, bytes.len,
			  sodium_base64_VARIANT_ORIGINAL);
	json_out_string(out, slice_of(text.data, size - 1));
	buf_deinit(&text);
}

static void write_scalar(struct json_out *out, const struct protobuf_field *field)
{
	double number = 0;

	switch (field->number) {
	case ANY_STRING:
		json_out_string(out, field->bytes);
		break;
	case ANY_BOOL:
		json_bool(out, field->value != 0);
		break;
	case ANY_INT:
		json_int(out, (int64_t)field->value);
		break;
	case ANY_DOUBLE:
		memcpy(&number, &field->value, sizeof(number));
		json_double(out, number, 6);
		break;
	case ANY_BYTES:
		write_base64(out, field->bytes);
		break;
	default:
		json_out_null(out);
		break;
	}
}

static bool write_value(struct json_out *out, struct slice any, unsigned depth)
{
	struct protobuf_field field;
	bool good = only_field(any, &field);

	/* a value in any case: a key may wait for it */
	if (!good || depth == PUSH_OTLP_DEPTH_MAX) {
		json_out_null(out);
		return good;
	}
	if (protobuf_is(&field, ANY_ARRAY, PROTOBUF_BYTES))
		return write_array(out, field.bytes, depth + 1);
	if (protobuf_is(&field, ANY_KVLIST, PROTOBUF_BYTES))
		return write_list(out, field.bytes, depth + 1);
	write_scalar(out, &field);
	return true;
}

bool push_otlp_value(struct slice any, struct arena *arena, struct slice *out)
{
	struct protobuf_field field;
	struct buf text = { 0 };
	struct json_out json = json_out_init(&text);
	bool good = false;

	if (!only_field(any, &field))
		return false;
	*out = field.bytes;
	if (field.number == 0 || protobuf_is(&field, ANY_STRING, PROTOBUF_BYTES))
		return true;
	good = write_value(&json, any, 0);
	*out = arena_dup(arena, buf_slice(&text));
	buf_deinit(&text);
	return good;
}
