/* extra.c - pairs to attributes, and to the JSON that a block stores */
#include "pipeline/extra.h"

#include <endian.h>
#include <string.h>

#include "base/json_out.h"

#define LENGTHS_BYTES 8

void extra_append(struct buf *pairs, const char *prefix, struct slice name,
		  struct slice value)
{
	buf_append_u32(pairs, (uint32_t)(strlen(prefix) + name.len));
	buf_append_u32(pairs, (uint32_t)value.len);
	buf_append_str(pairs, prefix);
	buf_append_slice(pairs, name);
	buf_append_slice(pairs, value);
}

bool extra_take(struct slice *pairs, struct attribute *out)
{
	uint32_t lengths[2];
	struct slice rest = slice_from(*pairs, LENGTHS_BYTES);

	if (pairs->len < LENGTHS_BYTES)
		return false;
	memcpy(lengths, pairs->ptr, sizeof(lengths));
	lengths[0] = le32toh(lengths[0]);
	lengths[1] = le32toh(lengths[1]);
	if ((uint64_t)lengths[0] + lengths[1] > rest.len)
		return false;
	out->key = slice_head(rest, lengths[0]);
	rest = slice_from(rest, lengths[0]);
	out->value = slice_head(rest, lengths[1]);
	*pairs = slice_from(rest, lengths[1]);
	return true;
}

void extra_apply(struct slice pairs, struct record *record, struct buf *json)
{
	struct json_out out;
	struct attribute attribute;

	buf_clear(json);
	out = json_out_init(json);
	json_object_begin(&out);
	while (extra_take(&pairs, &attribute)) {
		record_add_attribute(record, attribute.key, attribute.value);
		json_key_slice(&out, attribute.key);
		json_out_string(&out, attribute.value);
	}
	json_object_end(&out);
	record->extra = buf_slice(json);
}
