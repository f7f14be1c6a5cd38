/* request.c - the life of a request: open -> answered, or open -> client gone */
#include "api/request.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "api/context.h"
#include "api/http_conn.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

#define DATE_SIZE 40

/* of the answer's head; in the arena */
struct request_field {
	struct request_field *next;
	const char *name;
	const char *value;
};

static const struct {
	const char *name;
	const char *value;
} security_headers[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Content-Security-Policy",
	  "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
	  "form-action 'self'" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cache-Control", "no-store" },
};

static void request_free(struct request *request)
{
	struct request_list *list = request->list;

	if (request->previous != NULL)
		request->previous->next = request->next;
	else
		list->first = request->next;
	if (request->next != NULL)
		request->next->previous = request->previous;
	list->stats.open--;
	arena_deinit(&request->arena);
	buf_deinit(&request->out);
	mem_free(request);
}

static void tell_end(struct request *request, int status, const struct problem *problem)
{
	request_end_fn *end = request->end;

	request->end = NULL;
	if (end != NULL)
		end(request->end_context,
		    &(struct request_end){ request, status, problem });
}

void request_abandon(struct request *request)
{
	request_cancel_fn *cancel = request->cancel;

	request->cancel = NULL;
	if (cancel != NULL)
		cancel(request->cancel_context);
	tell_end(request, 0, NULL);
	request->list->stats.abandoned++;
	request_free(request);
}

void request_list_cancel(struct request_list *list)
{
	while (list->first != NULL)
		request_abandon(list->first);
}

static void make_id(char *out)
{
	unsigned char bytes[(REQUEST_ID_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(out, REQUEST_ID_SIZE, bytes, sizeof(bytes));
}

struct request *request_new(struct request_list *list, struct http_conn *conn)
{
	struct request *request = mem_calloc(1, sizeof(*request));

	request->list = list;
	request->next = list->first;
	if (list->first != NULL)
		list->first->previous = request;
	list->first = request;
	list->stats.open++;
	request->conn = conn;
	request->started_us = clock_monotonic_us();
	make_id(request->id);
	/* an address is shorter than its buffer */
	(void)snprintf(request->address, sizeof(request->address), "%s",
		       http_conn_address(conn));
	http_conn_set_context(conn, request);
	return request;
}

void request_admit(struct request *request)
{
	http_conn_admit(request->conn, request->body_bytes_max);
}

void request_refuse_body(struct request *request, int status)
{
	http_conn_end_after(request->conn);
	if (status == 413)
		request_problem(request, 413, "The body is larger than %zu bytes.",
				request->body_bytes_max);
	else if (status == 503)
		request_unavailable(request,
				    "Too many bodies are on their way; send this one "
				    "again.");
	else
		request_problem(request, status, "The body's chunks are malformed.");
}

struct slice request_body(struct request *request)
{
	struct evbuffer *body = http_conn_body(request->conn);

	return slice_of((const char *)evbuffer_pullup(body, -1),
			evbuffer_get_length(body));
}

struct evbuffer *request_take_body(struct request *request)
{
	struct evbuffer *body = evbuffer_new();

	if (body != NULL &&
	    evbuffer_add_buffer(body, http_conn_body(request->conn)) != 0) {
		evbuffer_free(body);
		return NULL;
	}
	return body;
}

const char *request_header(const struct request *request, const char *name)
{
	return http_head_field(http_conn_head(request->conn), name);
}

void request_set_header(struct request *request, const char *name, const char *value)
{
	struct request_field *field = request->fields;

	while (field != NULL && strcmp(field->name, name) != 0)
		field = field->next;
	if (field == NULL) {
		field = request_alloc(request, sizeof(*field));
		field->name = name;
		field->next = request->fields;
		request->fields = field;
	}
	field->value = arena_dup(&request->arena, slice_str(value)).ptr;
}

bool request_query_text(struct request *request, const char *name, struct slice *out)
{
	*out = query_get(&request->query, name);
	if (out->ptr == NULL)
		*out = SLICE("");
	if (memchr(out->ptr, '\0', out->len) == NULL && utf8_valid(*out))
		return true;
	request_problem_field(request, name, "%s must be UTF-8 without NUL.", name);
	return false;
}

void *request_alloc(struct request *request, size_t size)
{
	return arena_alloc(&request->arena, size);
}

void request_on_cancel(struct request *request, request_cancel_fn *cancel,
		       void *context)
{
	request->cancel = cancel;
	request->cancel_context = context;
}

void request_on_end(struct request *request, request_end_fn *end, void *context)
{
	request->end = end;
	request->end_context = context;
}

static void write_date(struct buf *out)
{
	char text[DATE_SIZE];
	time_t now = (time_t)(clock_now_us() / 1000000);
	struct tm utc = { 0 };

	/* siftd sets no locale: the names are those of RFC 9110 section 5.6.7 */
	if (gmtime_r(&now, &utc) != NULL &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc) > 0)
		buf_printf(out, "Date: %s\r\n", text);
}

static bool has_field(const struct request *request, const char *name)
{
	const struct request_field *field = request->fields;

	while (field != NULL && strcmp(field->name, name) != 0)
		field = field->next;
	return field != NULL;
}

static void write_head(struct request *request, int status, struct buf *out)
{
	buf_printf(out, "HTTP/1.1 %d %s\r\n", status, problem_title(status));
	write_date(out);
	for (size_t i = 0; i < ARRAY_LEN(security_headers); i++) {
		if (!has_field(request, security_headers[i].name))
			buf_printf(out, "%s: %s\r\n", security_headers[i].name,
				   security_headers[i].value);
	}
	if (request->api->config.secure)
		buf_append_str(out, "Strict-Transport-Security: max-age=31536000\r\n");
	buf_printf(out, "X-Request-Id: %s\r\n", request->id);
	for (const struct request_field *field = request->fields; field != NULL;
	     field = field->next)
		buf_printf(out, "%s: %s\r\n", field->name, field->value);
	if (!http_conn_keeps_alive(request->conn))
		buf_append_str(out, "Connection: close\r\n");
}

static bool is_head(const struct request *request)
{
	return slice_equal(http_conn_head(request->conn)->method, SLICE("HEAD"));
}

static void count_answer(struct request *request, int status)
{
	request->list->stats.answered[status / 100]++;
	log_debug("http", "answered status=%d us=%" PRId64 " id=%s", status,
		  clock_monotonic_us() - request->started_us, request->id);
}

static void send_and_free(struct request *request, int status)
{
	struct http_conn *conn = request->conn;
	char *body = NULL;
	size_t len = is_head(request) ? 0 : request->out.len;
	struct buf head = { 0 };

	tell_end(request, status, NULL);
	write_head(request, status, &head);
	if (status != 204 && status != 304)
		buf_printf(&head, "Content-Length: %zu\r\n", request->out.len);
	buf_append_str(&head, "\r\n");
	count_answer(request, status);
	if (len > 0)
		body = buf_take(&request->out);
	request_free(request);
	http_conn_answer(conn, buf_slice(&head), body, len);
	buf_deinit(&head);
}

void request_reply(struct request *request, int status, const char *content_type)
{
	request_set_header(request, "Content-Type", content_type);
	send_and_free(request, status);
}

void request_reply_json(struct request *request, int status)
{
	request_reply(request, status, "application/json");
}

void request_reply_empty(struct request *request)
{
	buf_clear(&request->out);
	send_and_free(request, 204);
}

void request_reply_not_modified(struct request *request)
{
	buf_clear(&request->out);
	send_and_free(request, 304);
}

void request_send_problem(struct request *request, const struct problem *problem)
{
	struct problem full = *problem;

	tell_end(request, problem->status, problem);
	full.request_id = request->id;
	buf_clear(&request->out);
	problem_write(&full, &request->out);
	request_reply(request, problem->status, PROBLEM_TYPE);
}

void request_end_alike(struct request *request, const struct request_end *end)
{
	for (const struct request_field *field = end->request->fields; field != NULL;
	     field = field->next) {
		if (!has_field(request, field->name))
			request_set_header(request, field->name, field->value);
	}
	if (end->problem != NULL) {
		request_send_problem(request, end->problem);
		return;
	}
	buf_append_slice(&request->out, buf_slice(&end->request->out));
	send_and_free(request, end->status);
}

void request_problem(struct request *request, int status, const char *format, ...)
{
	struct error text = { 0 };
	struct problem problem = { .status = status, .detail = text.text };
	va_list args;

	va_start(args, format);
	/* cut where it is too long */
	(void)vsnprintf(text.text, sizeof(text.text), format, args);
	va_end(args);
	request_send_problem(request, &problem);
}

void request_problem_field(struct request *request, const char *field,
			   const char *format, ...)
{
	struct error text = { 0 };
	struct problem problem = {
		.status = 422,
		.detail = text.text,
		.fields = { { field, text.text } },
		.fields_count = 1,
	};
	va_list args;

	va_start(args, format);
	/* cut where it is too long */
	(void)vsnprintf(text.text, sizeof(text.text), format, args);
	va_end(args);
	request_send_problem(request, &problem);
}

void request_not_found(struct request *request, const char *what)
{
	request_problem(request, 404, "There is no such %s, or it is not yours.", what);
}

void request_unavailable(struct request *request, const char *detail)
{
	request_set_header(request, "Retry-After", "2");
	request_problem(request, 503, "%s", detail);
}

bool request_stream_start(struct request *request, const char *content_type,
			  request_drained_fn *drained, void *context)
{
	struct buf head = { 0 };

	request_set_header(request, "Content-Type", content_type);
	if (is_head(request)) {
		send_and_free(request, 200);
		return false;
	}
	request->drained = drained;
	request->drained_context = context;
	if (http_conn_head(request->conn)->is_1_0)
		http_conn_end_after(request->conn); /* the only end it knows */
	else
		request_set_header(request, "Transfer-Encoding", "chunked");
	count_answer(request, 200);
	write_head(request, 200, &head);
	buf_append_str(&head, "\r\n");
	http_conn_stream(request->conn, buf_slice(&head));
	buf_deinit(&head);
	return true;
}

void request_stream_piece(struct request *request)
{
	size_t len = request->out.len;

	http_conn_piece(request->conn, buf_take(&request->out), len);
}

void request_stream_end(struct request *request)
{
	struct http_conn *conn = request->conn;

	request_free(request);
	http_conn_stream_end(conn);
}

void request_stream_break(struct request *request)
{
	struct http_conn *conn = request->conn;

	request_free(request);
	http_conn_free(conn);
}
