/* multipart.c - finding a part between boundaries
 *
 *   --boundary CRLF headers CRLF CRLF content CRLF --boundary CRLF ... --boundary--
 */
#include "api/multipart.h"

#include <string.h>

struct part {
	struct slice headers;
	struct slice content;
};

static struct slice find(struct slice text, struct slice needle)
{
	const char *at = text.len == 0
				 ? NULL
				 : memmem(text.ptr, text.len, needle.ptr, needle.len);

	if (at == NULL)
		return (struct slice){ 0 };
	return slice_from(text, (size_t)(at - text.ptr));
}

/* the value of `name=...` among parameters behind semicolons, without its quotes */
static struct slice parameter(struct slice header, struct slice name)
{
	while (header.len > 0) {
		const char *end = memchr(header.ptr, ';', header.len);
		size_t len = end == NULL ? header.len : (size_t)(end - header.ptr);
		struct slice item = slice_trim(slice_head(header, len));
		struct slice value = slice_from(item, name.len + 1);

		header = slice_from(header, len + 1);
		if (!slice_equal_nocase(slice_head(item, name.len), name) ||
		    item.len <= name.len || item.ptr[name.len] != '=')
			continue;
		if (value.len >= 2 && value.ptr[0] == '"' &&
		    value.ptr[value.len - 1] == '"')
			value = slice_of(value.ptr + 1, value.len - 2);
		return value;
	}
	return (struct slice){ 0 };
}

struct slice multipart_boundary(const char *content_type)
{
	struct slice header =
		content_type == NULL ? (struct slice){ 0 } : slice_str(content_type);
	struct slice type = SLICE("multipart/form-data");
	struct slice boundary = { 0 };

	if (!slice_equal_nocase(slice_head(header, type.len), type))
		return boundary;
	boundary = parameter(slice_from(header, type.len), SLICE("boundary"));
	if (boundary.len == 0 || boundary.len > MULTIPART_BOUNDARY_MAX)
		return (struct slice){ 0 };
	return boundary;
}

/* the header's value among lines; ptr NULL when absent */
static struct slice header_value(struct slice headers, struct slice name)
{
	while (headers.len > 0) {
		struct slice end = find(headers, SLICE("\r\n"));
		size_t len = end.ptr == NULL ? headers.len : headers.len - end.len;
		struct slice line = slice_head(headers, len);

		if (slice_equal_nocase(slice_head(line, name.len), name) &&
		    line.len > name.len && line.ptr[name.len] == ':')
			return slice_trim(slice_from(line, name.len + 1));
		headers = slice_from(headers, len + 2);
	}
	return (struct slice){ 0 };
}

/* *rest stands behind a delimiter; false: the last one, or the body is cut */
static bool next_part(struct slice *rest, struct slice delimiter, struct part *out)
{
	struct slice end = { 0 };
	struct slice blank = { 0 };
	struct slice whole = { 0 };

	if (!slice_starts_with(*rest, SLICE("\r\n")))
		return false;
	end = find(*rest, delimiter);
	if (end.ptr == NULL)
		return false;
	whole = slice_head(*rest, rest->len - end.len);
	*rest = slice_from(end, delimiter.len);
	blank = find(whole, SLICE("\r\n\r\n"));
	if (blank.ptr == NULL)
		return false;
	out->headers = slice_from(slice_head(whole, whole.len - blank.len), 2);
	out->content = slice_from(blank, 4);
	return true;
}

int multipart_find(struct slice body, struct slice boundary, struct slice field,
		   struct multipart_file *out, struct error *error)
{
	/* CRLF, two dashes, boundary; the first one may lack the CRLF */
	char bytes[MULTIPART_BOUNDARY_MAX + 4] = "\r\n--";
	struct slice delimiter = { bytes, boundary.len + 4 };
	struct slice first = { bytes + 2, boundary.len + 2 };
	struct slice rest = { 0 };
	struct part part = { 0 };

	memcpy(bytes + 4, boundary.ptr, boundary.len);
	rest = find(body, first);
	if (rest.ptr == NULL)
		return error_set(error, "The body does not hold its boundary");
	rest = slice_from(rest, first.len);
	while (next_part(&rest, delimiter, &part)) {
		struct slice how =
			header_value(part.headers, SLICE("Content-Disposition"));

		if (!slice_equal(parameter(how, SLICE("name")), field))
			continue;
		out->name = parameter(how, SLICE("filename"));
		out->content = part.content;
		return 0;
	}
	return error_set(error, "The body has no complete part named %.*s",
			 (int)field.len, field.ptr);
}
