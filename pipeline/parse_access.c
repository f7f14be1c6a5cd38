/* parse_access.c - the common and combined formats of Apache, nginx and their like:
 *
 *   HOST IDENT USER [STAMP] "METHOD TARGET PROTOCOL" STATUS BYTES ["REFERER" "AGENT"]
 */
#include "pipeline/byte_class.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"

/* behind the opening quote to the closing one; backslashes escape */
static bool take_quoted(struct slice *rest, struct slice *text)
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

static struct slice take_field(struct slice *rest)
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

static bool is_status(struct slice text)
{
	return text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '5' &&
	       byte_is(text.ptr[1], BYTE_DIGIT) && byte_is(text.ptr[2], BYTE_DIGIT);
}

static void add(struct record *record, struct slice key, struct slice value)
{
	if (value.len > 0 && !slice_equal(value, SLICE("-")))
		record_add_attribute(record, key, value);
}

static void add_request(struct record *record, struct slice request)
{
	struct slice method = take_field(&request);
	struct slice target = take_field(&request);

	if (target.len == 0)
		return;
	add(record, SLICE("http.method"), method);
	add(record, SLICE("http.target"), target);
}

bool parse_access(const struct parse_input *input, struct record *record)
{
	const struct header *header = input->header;
	struct slice rest = slice_from(input->raw, header->body);
	struct slice head = slice_head(input->raw, header->body);
	struct slice request = { 0 };
	struct slice quoted = { 0 };

	if (header->timestamp_us == TIMESTAMP_NONE || head.len < 4 ||
	    head.ptr[head.len - 2] != ']' || !take_quoted(&rest, &request))
		return false;

	struct slice status = take_field(&rest);

	if (!is_status(status))
		return false;
	parse_apply_header(header, input->raw, record);
	record->severity = severity_of_status(status);
	record->severity_text = status;
	record->confidence = 95;
	add(record, SLICE("http.status"), status);
	add_request(record, request);
	add(record, SLICE("client.address"), take_field(&head));
	add(record, SLICE("client.ident"), take_field(&head));
	add(record, SLICE("user.name"), take_field(&head));
	add(record, SLICE("http.response_bytes"), take_field(&rest));
	rest = slice_from(rest, 1);
	if (take_quoted(&rest, &quoted))
		add(record, SLICE("http.referer"), quoted);
	rest = slice_from(rest, 1);
	if (take_quoted(&rest, &quoted))
		add(record, SLICE("user_agent"), quoted);
	return true;
}
