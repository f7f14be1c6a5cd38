/* parse_syslog5424.c - RFC 5424: <PRI>1 STAMP HOST APP PROCID MSGID SD [MSG] */
#include "pipeline/byte_class.h"
#include "pipeline/parse.h"
#include "pipeline/parse_syslog.h"
#include "pipeline/stamp_trace.h"

/* the next field, ended by one space; "-" gives ptr NULL */
static bool take_field(struct slice *rest, struct slice *field)
{
	const char *space = memchr(rest->ptr, ' ', rest->len);
	size_t len = space == NULL ? rest->len : (size_t)(space - rest->ptr);

	if (len == 0)
		return false;
	*field = slice_head(*rest, len);
	if (slice_equal(*field, SLICE("-")))
		*field = (struct slice){ 0 };
	*rest = slice_from(*rest, len + 1);
	return true;
}

/* section 6.3.3: \" \\ and \] are escapes, any other backslash stands for itself */
static struct slice unescape(struct slice value, struct arena *scratch)
{
	if (memchr(value.ptr, '\\', value.len) == NULL)
		return value;

	char *out = arena_alloc(scratch, value.len);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\\' && i + 1 < value.len &&
		    (value.ptr[i + 1] == '"' || value.ptr[i + 1] == '\\' ||
		     value.ptr[i + 1] == ']'))
			i++;
		out[len++] = value.ptr[i];
	}
	return slice_of(out, len);
}

/* `key="value"` at the start of rest; false: malformed */
static bool take_param(struct slice *rest, struct slice *key, struct slice *value)
{
	const char *equals = memchr(rest->ptr, '=', rest->len);

	if (equals == NULL)
		return false;
	*key = slice_head(*rest, (size_t)(equals - rest->ptr));
	*rest = slice_from(*rest, key->len + 1);
	if (key->len == 0 || rest->len == 0 || rest->ptr[0] != '"')
		return false;
	*rest = slice_from(*rest, 1);
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			i++;
		} else if (rest->ptr[i] == '"') {
			*value = slice_head(*rest, i);
			*rest = slice_from(*rest, i + 1);
			return true;
		}
	}
	return false;
}

static struct slice join_key(struct slice id, struct slice key, struct arena *scratch)
{
	char *out = arena_alloc(scratch, id.len + 1 + key.len);

	memcpy(out, id.ptr, id.len);
	out[id.len] = '.';
	memcpy(out + id.len + 1, key.ptr, key.len);
	return slice_of(out, id.len + 1 + key.len);
}

/* one [id key="value" ...] */
static bool take_element(struct slice *rest, struct arena *scratch,
			 struct record *record)
{
	size_t len = 1;

	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != ']')
		len++;

	struct slice id = slice_from(slice_head(*rest, len), 1);

	*rest = slice_from(*rest, len);
	while (rest->len > 0 && rest->ptr[0] == ' ') {
		struct slice key = { 0 };
		struct slice value = { 0 };

		while (rest->len > 0 && rest->ptr[0] == ' ')
			*rest = slice_from(*rest, 1);
		if (rest->len > 0 && rest->ptr[0] == ']')
			break;
		if (!take_param(rest, &key, &value))
			return false;
		record_add_attribute(record, join_key(id, key, scratch),
				     unescape(value, scratch));
	}
	if (id.len == 0 || rest->len == 0 || rest->ptr[0] != ']')
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

static bool take_structured_data(struct slice *rest, struct arena *scratch,
				 struct record *record)
{
	if (rest->len == 0)
		return true; /* a relay cut the record */
	if (rest->ptr[0] == '-') {
		*rest = slice_from(*rest, 1);
		return rest->len == 0 || rest->ptr[0] == ' ';
	}
	if (rest->ptr[0] != '[')
		return false;
	while (rest->len > 0 && rest->ptr[0] == '[') {
		if (!take_element(rest, scratch, record))
			return false;
	}
	return rest->len == 0 || rest->ptr[0] == ' ';
}

bool parse_syslog5424(const struct parse_input *input, struct record *record)
{
	struct slice rest = input->raw;
	struct slice stamp = { 0 };
	struct slice pid = { 0 };
	struct slice message_id = { 0 };
	size_t priority = syslog_take_priority(input, record);

	rest = slice_from(rest, priority);
	if (priority == 0 || rest.len < 2 || rest.ptr[0] != '1' || rest.ptr[1] != ' ')
		return false;
	rest = slice_from(rest, 2);
	if (!take_field(&rest, &stamp) || !take_field(&rest, &record->host_name) ||
	    !take_field(&rest, &record->service_name) || !take_field(&rest, &pid) ||
	    !take_field(&rest, &message_id))
		return false;
	if (stamp.ptr != NULL) {
		record->timestamp_us = timestamp_of_text(stamp, input->context);
		if (record->timestamp_us == TIMESTAMP_NONE)
			return false;
	}
	if (pid.ptr != NULL)
		record_add_attribute(record, SLICE("pid"), pid);
	if (message_id.ptr != NULL)
		record_add_attribute(record, SLICE("syslog.msgid"), message_id);
	/* names of attributes may hold digits */
	if (rest.len > 0 && rest.ptr[0] == '[')
		stamp_trace_refuse(input->context->trace);
	if (!take_structured_data(&rest, input->scratch, record))
		return false;
	rest = slice_from(rest, 1);
	if (slice_starts_with(rest, SLICE("\xef\xbb\xbf")))
		rest = slice_from(rest, 3);
	record->body = rest;
	record->confidence = 98;
	syslog_parse_body(input, record);
	return true;
}
