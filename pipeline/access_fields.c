/* access_fields.c - quoted requests, status codes, fields that may be "-" */
#include "pipeline/access_fields.h"

#include "pipeline/byte_class.h"

bool access_take_quoted(struct slice *rest, struct slice *text)
{
	if (rest->len == 0 || rest->ptr[0] != '"')
		return false;
	for (size_t i = 1; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			i++;
		} else if (rest->ptr[i] == '"') {
			*text = slice_of(rest->ptr + 1, i - 1);
			*rest = slice_from(*rest, i + 1);
			return true;
		}
	}
	return false;
}

struct slice access_take_field(struct slice *rest)
{
	size_t len = 0;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = slice_from(*rest, 1);
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\n')
		len++;

	struct slice field = slice_head(*rest, len);

	*rest = slice_from(*rest, len);
	return field;
}

static enum severity severity_of_status(struct slice status)
{
	switch (status.ptr[0]) {
	case '5':
		return SEVERITY_ERROR;
	case '4':
		return SEVERITY_WARN;
	default:
		return SEVERITY_INFO;
	}
}

bool access_is_status(struct slice text)
{
	return text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '5' &&
	       byte_is(text.ptr[1], BYTE_DIGIT) && byte_is(text.ptr[2], BYTE_DIGIT);
}

void access_add(struct record *record, struct slice key, struct slice value)
{
	if (value.len > 0 && !slice_equal(value, SLICE("-")))
		record_add_attribute(record, key, value);
}

void access_add_request(struct record *record, struct slice request)
{
	struct slice method = access_take_field(&request);
	struct slice target = access_take_field(&request);

	if (target.len == 0)
		return;
	access_add(record, SLICE("http.method"), method);
	access_add(record, SLICE("http.target"), target);
}

void access_apply_status(struct slice status, struct record *record)
{
	record->severity = severity_of_status(status);
	record->severity_text = status;
	record_add_attribute(record, SLICE("http.status"), status);
}
