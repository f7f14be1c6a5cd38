/* parse_journal.c - the systemd journal's export format: FIELD=value lines; a value
 * with line feeds is written as FIELD, its length in 64 bits little-endian, and its
 * bytes */
#include "pipeline/parse.h"
#include "pipeline/roles.h"
#include "pipeline/stamp_trace.h"

static uint64_t read_le64(const char *bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
	return value;
}

/* false: no field is left, or it is malformed */
static bool take_field(struct slice *rest, struct slice *key, struct slice *value)
{
	while (rest->len > 0 && rest->ptr[0] == '\n')
		*rest = slice_from(*rest, 1);
	if (rest->len == 0)
		return false;

	const char *end = memchr(rest->ptr, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
	const char *equals = memchr(rest->ptr, '=', len);

	if (equals != NULL) {
		*key = slice_head(*rest, (size_t)(equals - rest->ptr));
		*value = slice_from(slice_head(*rest, len), key->len + 1);
		*rest = slice_from(*rest, len + 1);
		return true;
	}
	*key = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	if (rest->len < 8)
		return false;

	uint64_t size = read_le64(rest->ptr);

	*rest = slice_from(*rest, 8);
	if (size > rest->len)
		return false;
	*value = slice_head(*rest, (size_t)size);
	*rest = slice_from(*rest, (size_t)size + 1);
	return true;
}

bool parse_journal(const struct parse_input *input, struct record *record)
{
	struct role_filler filler = role_filler_init(record, input->context);
	struct slice rest = input->raw;
	struct slice key = { 0 };
	struct slice value = { 0 };

	/* stamps and levels may be numbers */
	stamp_trace_refuse(input->context->trace);
	if (!slice_starts_with(rest, SLICE("__CURSOR=")))
		return false;
	record->body = slice_head(rest, 0);
	while (take_field(&rest, &key, &value)) {
		if (!role_fill(&filler, key, value))
			record_add_attribute(record, key, value);
	}
	record->confidence = 98;
	return true;
}
