/* parse_haproxy.c - HAProxy's HTTP log, behind the header of a syslog daemon:
 *
 *   CLIENT:PORT [STAMP] FRONTEND BACKEND/SERVER TR/Tw/Tc/Tr/Ta STATUS BYTES COOKIE
 * COOKIE FLAGS CONNECTIONS QUEUES [{HEADERS} {HEADERS}] "METHOD TARGET PROTOCOL"
 */
#include "base/compiler.h"
#include "pipeline/access_fields.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
#include "pipeline/stamp_trace.h"

static struct slice take_until(struct slice *rest, char end)
{
	const char *at = rest->len == 0 ? NULL : memchr(rest->ptr, end, rest->len);
	size_t len = at == NULL ? rest->len : (size_t)(at - rest->ptr);
	struct slice part = slice_head(*rest, len);

	*rest = slice_from(*rest, len + 1);
	return part;
}

static bool add_times(struct record *record, struct slice times)
{
	static const char *const keys[] = {
		"haproxy.time_request_ms", "haproxy.time_queue_ms",
		"haproxy.time_connect_ms", "haproxy.time_response_ms",
		"haproxy.time_total_ms",
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct slice part = take_until(&times, '/');

		if (part.len == 0)
			return false;
		access_add(record, slice_str(keys[i]), part);
	}
	return true;
}

/* the request comes last, the status long before: side by side they read as in other
 * access logs, and group alike */
static struct slice make_body(struct slice request, struct slice status,
			      struct slice server, struct arena *scratch)
{
	char *out = arena_alloc(scratch, request.len + status.len + server.len + 4);
	size_t at = 0;

	out[at++] = '"';
	memcpy(out + at, request.ptr, request.len);
	at += request.len;
	out[at++] = '"';
	out[at++] = ' ';
	memcpy(out + at, status.ptr, status.len);
	at += status.len;
	out[at++] = ' ';
	memcpy(out + at, server.ptr, server.len);
	return slice_of(out, at + server.len);
}

bool parse_haproxy(const struct parse_input *input, struct record *record)
{
	struct slice rest = slice_from(input->raw, input->header->body);
	struct slice client = take_until(&rest, ' ');
	struct slice request = { 0 };

	if (client.len == 0 || rest.len == 0 || rest.ptr[0] != '[' ||
	    memchr(client.ptr, ':', client.len) == NULL)
		return false;

	struct slice stamp = slice_from(take_until(&rest, ']'), 1);
	struct slice frontend = access_take_field(&rest);
	struct slice server = access_take_field(&rest);
	struct slice times = access_take_field(&rest);
	struct slice status = access_take_field(&rest);
	struct slice bytes = access_take_field(&rest);

	/* the level is its first digit */
	stamp_trace_refuse(input->context->trace);
	if (!access_is_status(status) || memchr(server.ptr, '/', server.len) == NULL)
		return false;
	parse_apply_header(input->header, input->raw, record);
	if (!add_times(record, times))
		return false;

	int64_t us = timestamp_of_text(stamp, input->context);

	if (us != TIMESTAMP_NONE)
		record->timestamp_us = us;
	(void)take_until(&rest, '"'); /* cookies, flags, counts, captured headers */
	request = take_until(&rest, '"');
	access_apply_status(status, record);
	access_add_request(record, request);
	while (client.len > 0 && client.ptr[client.len - 1] != ':')
		client.len--;
	client.len -= client.len > 0 ? 1 : 0;
	access_add(record, SLICE("client.address"), client);
	access_add(record, SLICE("haproxy.frontend"), frontend);
	record->body = make_body(request, status, server, input->scratch);
	access_add(record, SLICE("haproxy.backend"), take_until(&server, '/'));
	access_add(record, SLICE("haproxy.server"), server);
	access_add(record, SLICE("http.response_bytes"), bytes);
	record->confidence = 95;
	return true;
}
