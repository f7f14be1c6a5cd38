/* http_head.c - reading the head of a request, strictly */
#include "api/http_head.h"

#include <string.h>

#define BAD_REQUEST 400
#define TOO_MANY_FIELDS 431
#define NOT_IMPLEMENTED 501
#define VERSION_NOT_SUPPORTED 505
#define LENGTH_DIGITS_MAX 18

/* RFC 9110 section 5.6.2 */
static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_token_char(text.ptr[i]))
			return false;
	}
	return text.len > 0;
}

/* visible, blank or tab; bytes above 127 are opaque */
static bool is_field_text(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c < 32 && c != '\t') || c == 127)
			return false;
	}
	return true;
}

static bool is_target_text(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c <= 32 || c == 127)
			return false;
	}
	return true;
}

/* "http://host/path" as a proxy is asked: what names the server is not our concern */
static struct slice without_authority(struct slice target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct slice scheme = slice_str(schemes[i]);
		const char *slash = NULL;

		if (!slice_equal_nocase(slice_head(target, scheme.len), scheme))
			continue;
		target = slice_from(target, scheme.len);
		slash = target.len == 0 ? NULL : memchr(target.ptr, '/', target.len);
		return slash == NULL ? SLICE("/")
				     : slice_from(target, (size_t)(slash - target.ptr));
	}
	return target;
}

static int read_target(struct slice target, struct http_head *out)
{
	const char *mark = NULL;

	if (target.len == 0 || !is_target_text(target))
		return BAD_REQUEST;
	target = without_authority(target);
	if (target.ptr[0] != '/' && !slice_equal(target, SLICE("*")))
		return BAD_REQUEST;
	mark = memchr(target.ptr, '?', target.len);
	out->path =
		mark == NULL ? target : slice_head(target, (size_t)(mark - target.ptr));
	out->query = mark == NULL ? SLICE("") : slice_from(target, out->path.len + 1);
	return 0;
}

static int read_request_line(struct slice line, struct http_head *out)
{
	const char *first = line.len == 0 ? NULL : memchr(line.ptr, ' ', line.len);
	struct slice rest = { 0 };
	const char *second = NULL;
	struct slice version = { 0 };

	if (first == NULL)
		return BAD_REQUEST;
	out->method = slice_head(line, (size_t)(first - line.ptr));
	rest = slice_from(line, out->method.len + 1);
	second = rest.len == 0 ? NULL : memchr(rest.ptr, ' ', rest.len);
	if (second == NULL || !is_token(out->method))
		return BAD_REQUEST;
	version = slice_from(rest, (size_t)(second - rest.ptr) + 1);
	if (!slice_starts_with(version, SLICE("HTTP/")))
		return BAD_REQUEST;
	if (!slice_equal(version, SLICE("HTTP/1.1")) &&
	    !slice_equal(version, SLICE("HTTP/1.0")))
		return VERSION_NOT_SUPPORTED;
	out->is_1_0 = slice_equal(version, SLICE("HTTP/1.0"));
	return read_target(slice_head(rest, (size_t)(second - rest.ptr)), out);
}

static int read_field(char *bytes, struct slice line, struct http_head *out)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	struct http_field *field = NULL;
	struct slice value = { 0 };

	if (out->fields_count == HTTP_FIELDS_MAX)
		return TOO_MANY_FIELDS;
	if (colon == NULL)
		return BAD_REQUEST;
	field = &out->fields[out->fields_count++];
	field->name = slice_head(line, (size_t)(colon - line.ptr));
	value = slice_trim(slice_from(line, field->name.len + 1));
	if (!is_token(field->name) || !is_field_text(value))
		return BAD_REQUEST;
	/* a CR at the least stands behind each value */
	bytes[(size_t)(value.ptr - bytes) + value.len] = '\0';
	field->value = value.ptr;
	return 0;
}

static int read_length(const char *text, uint64_t *out)
{
	size_t len = strlen(text);

	*out = 0;
	if (len == 0 || len > LENGTH_DIGITS_MAX)
		return BAD_REQUEST;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return BAD_REQUEST;
		*out = *out * 10 + (uint64_t)(text[i] - '0');
	}
	return 0;
}

static size_t count_fields(const struct http_head *head, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < head->fields_count; i++)
		count += slice_equal_nocase(head->fields[i].name, slice_str(name));
	return count;
}

/* how long the body is; what could be read in two ways is refused */
static int read_framing(struct http_head *out)
{
	const char *encoding = http_head_field(out, "Transfer-Encoding");
	const char *length = http_head_field(out, "Content-Length");

	if (count_fields(out, "Content-Length") > 1 ||
	    count_fields(out, "Transfer-Encoding") > 1)
		return BAD_REQUEST;
	if (encoding == NULL)
		return length == NULL ? 0 : read_length(length, &out->body_len);
	if (length != NULL || out->is_1_0)
		return BAD_REQUEST;
	out->chunked = true;
	return slice_equal_nocase(slice_str(encoding), SLICE("chunked"))
		       ? 0
		       : NOT_IMPLEMENTED;
}

/* whether a list such as "keep-alive, TE" holds the word */
static bool lists(const char *value, const char *word)
{
	struct slice rest = value == NULL ? SLICE("") : slice_str(value);

	while (rest.len > 0) {
		const char *comma = memchr(rest.ptr, ',', rest.len);
		size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.ptr);

		if (slice_equal_nocase(slice_trim(slice_head(rest, len)),
				       slice_str(word)))
			return true;
		rest = slice_from(rest, len + (comma == NULL ? 0 : 1));
	}
	return false;
}

static int judge_fields(struct http_head *out)
{
	const char *connection = http_head_field(out, "Connection");
	const char *expect = http_head_field(out, "Expect");
	int status = read_framing(out);

	if (status != 0)
		return status;
	if (count_fields(out, "Host") > 1 ||
	    (!out->is_1_0 && count_fields(out, "Host") == 0))
		return BAD_REQUEST;
	out->keep_alive = !out->is_1_0 && !lists(connection, "close");
	out->expects_continue =
		!out->is_1_0 && expect != NULL &&
		slice_equal_nocase(slice_str(expect), SLICE("100-continue"));
	return 0;
}

/* the next line without its CRLF; false: it does not end so */
static bool next_line(struct slice *rest, struct slice *line)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
	size_t len = 0;

	if (end == NULL || end == rest->ptr || end[-1] != '\r')
		return false;
	len = (size_t)(end - rest->ptr);
	*line = slice_head(*rest, len - 1);
	*rest = slice_from(*rest, len + 1);
	return true;
}

int http_head_parse(char *bytes, size_t len, struct http_head *out)
{
	struct slice rest = slice_of(bytes, len);
	struct slice line = { 0 };
	int status = 0;

	*out = (struct http_head){ .query = SLICE("") };
	if (!next_line(&rest, &line))
		return BAD_REQUEST;
	status = read_request_line(line, out);
	while (status == 0 && next_line(&rest, &line)) {
		if (line.len == 0)
			return judge_fields(out);
		status = read_field(bytes, line, out);
	}
	return status == 0 ? BAD_REQUEST : status;
}

const char *http_head_field(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->fields_count; i++) {
		if (slice_equal_nocase(head->fields[i].name, slice_str(name)))
			return head->fields[i].value;
	}
	return NULL;
}
