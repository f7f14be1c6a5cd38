/* request.c - the life of a request: open -> answered, or open -> client gone
 *
 * evhttp stops reading from a connection while its request is open, so it never sees
 * the client leave. An event of our own watches the socket meanwhile. It must not read:
 * bytes that are there belong to the next request.
 */
#include "api/request.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

/* a client that takes no byte of a long answer for so long is given up */
#define STREAM_STALL_S 60

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
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request->evhttp);

	if (request->previous != NULL)
		request->previous->next = request->next;
	else
		list->first = request->next;
	if (request->next != NULL)
		request->next->previous = request->previous;
	list->stats.open--;
	if (request->drained != NULL && connection != NULL)
		evhttp_connection_set_closecb(connection, NULL, NULL);
	if (request->gone != NULL)
		event_free(request->gone);
	arena_deinit(&request->arena);
	buf_deinit(&request->out);
	mem_free(request);
}

static void abandon(struct request *request)
{
	request_cancel_fn *cancel = request->cancel;

	request->cancel = NULL;
	if (cancel != NULL)
		cancel(request->cancel_context);
	request->list->stats.abandoned++;
	request_free(request);
}

void request_list_cancel(struct request_list *list)
{
	while (list->first != NULL)
		abandon(list->first);
}

static void client_gone(struct request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request->evhttp);

	abandon(request);
	evhttp_connection_free(connection);
}

static void on_socket_event(evutil_socket_t fd, short what, void *context)
{
	struct request *request = context;
	char byte = 0;
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	(void)what; /* the socket itself says more */
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		client_gone(request);
	/* otherwise the next request's bytes: no more can be learned from the socket,
	 * and the event has ended by itself */
}

static void watch_client(struct request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request->evhttp);
	struct bufferevent *stream = evhttp_connection_get_bufferevent(connection);

	request->gone =
		event_new(bufferevent_get_base(stream), bufferevent_getfd(stream),
			  EV_READ | EV_CLOSED, on_socket_event, request);
	if (request->gone == NULL || event_add(request->gone, NULL) != 0)
		log_warn("http", "cannot watch a client's socket");
}

static void make_id(char *out)
{
	unsigned char bytes[(REQUEST_ID_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(out, REQUEST_ID_SIZE, bytes, sizeof(bytes));
}

static void read_address(struct request *request)
{
	char *address = NULL;
	ev_uint16_t port = 0;

	evhttp_connection_get_peer(evhttp_request_get_connection(request->evhttp),
				   &address, &port);
	/* an address is shorter than its buffer */
	(void)snprintf(request->address, sizeof(request->address), "%s",
		       address == NULL ? "" : address);
}

struct request *request_new(struct request_list *list, struct evhttp_request *evhttp)
{
	struct request *request = mem_calloc(1, sizeof(*request));
	struct evbuffer *input = evhttp_request_get_input_buffer(evhttp);

	request->list = list;
	request->next = list->first;
	if (list->first != NULL)
		list->first->previous = request;
	list->first = request;
	list->stats.open++;
	request->evhttp = evhttp;
	request->started_us = clock_monotonic_us();
	request->body_len = evbuffer_get_length(input);
	make_id(request->id);
	read_address(request);
	watch_client(request);
	return request;
}

struct slice request_body(struct request *request)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request->evhttp);

	return slice_of((const char *)evbuffer_pullup(input, -1),
			evbuffer_get_length(input));
}

struct evbuffer *request_take_body(struct request *request)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request->evhttp);
	struct evbuffer *body = evbuffer_new();

	if (body != NULL && evbuffer_add_buffer(body, input) != 0) {
		evbuffer_free(body);
		return NULL;
	}
	return body;
}

const char *request_header(const struct request *request, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(request->evhttp),
				  name);
}

void request_set_header(struct request *request, const char *name, const char *value)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request->evhttp);

	(void)evhttp_remove_header(headers, name); /* usually not there */
	/* fails on a line break in the value only, and none of ours has one */
	(void)evhttp_add_header(headers, name, value);
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

static void free_bytes(const void *data, size_t len, void *context)
{
	(void)data; /* the same bytes as context, but const */
	(void)len;
	mem_free(context);
}

static void set_common_headers(struct request *request)
{
	for (size_t i = 0; i < ARRAY_LEN(security_headers); i++)
		request_set_header(request, security_headers[i].name,
				   security_headers[i].value);
	request_set_header(request, "X-Request-Id", request->id);
}

static bool is_head(const struct request *request)
{
	return evhttp_request_get_command(request->evhttp) == EVHTTP_REQ_HEAD;
}

static void count_answer(struct request *request, int status)
{
	request->list->stats.answered[status / 100]++;
	log_debug("http", "answered status=%d us=%" PRId64 " id=%s", status,
		  clock_monotonic_us() - request->started_us, request->id);
}

static void send_and_free(struct request *request, int status)
{
	struct evbuffer *output = evhttp_request_get_output_buffer(request->evhttp);
	struct evhttp_request *evhttp = request->evhttp;
	size_t len = request->out.len;
	char length[24];

	set_common_headers(request);
	if (is_head(request)) {
		/* libevent would send a body, and the client take it for the next
		 * answer */
		(void)snprintf(length, sizeof(length), "%zu", len); /* fits */
		request_set_header(request, "Content-Length", length);
	} else if (len > 0) {
		char *bytes = buf_take(&request->out);

		if (evbuffer_add_reference(output, bytes, len, free_bytes, bytes) != 0)
			mem_free(bytes);
	}
	count_answer(request, status);
	/* before the reply: afterwards the socket may be closed already */
	request_free(request);
	evhttp_send_reply(evhttp, status, problem_title(status), NULL);
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

void request_send_problem(struct request *request, const struct problem *problem)
{
	struct problem full = *problem;

	full.request_id = request->id;
	buf_clear(&request->out);
	problem_write(&full, &request->out);
	request_reply(request, problem->status, PROBLEM_TYPE);
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

/* evhttp frees a connection that fails by itself: the request must not outlive it. When
 * it saw the end of the stream it has let go of the request first, which is ours then.
 */
static void on_stream_closed(struct evhttp_connection *connection, void *context)
{
	struct request *request = context;
	struct evhttp_request *evhttp = request->evhttp;
	bool let_go = evhttp_request_get_connection(evhttp) == NULL;

	(void)connection; /* on its way out */
	abandon(request);
	if (let_go)
		evhttp_request_free(evhttp);
}

/* while an answer is under way only the writing may time out: the client has nothing to
 * say, and siftd may have to search before it can go on */
static void expect_no_input(struct evhttp_connection *connection)
{
	struct bufferevent *stream = evhttp_connection_get_bufferevent(connection);
	struct timeval write_limit = { .tv_sec = STREAM_STALL_S };

	bufferevent_set_timeouts(stream, NULL, &write_limit);
}

bool request_stream_start(struct request *request, const char *content_type,
			  request_drained_fn *drained, void *context)
{
	struct evhttp_request *evhttp = request->evhttp;
	struct evhttp_connection *connection = evhttp_request_get_connection(evhttp);

	set_common_headers(request);
	request_set_header(request, "Content-Type", content_type);
	/* its timeouts are changed */
	request_set_header(request, "Connection", "close");
	count_answer(request, 200);
	if (is_head(request)) {
		request_free(request);
		evhttp_send_reply(evhttp, 200, problem_title(200), NULL);
		return false;
	}
	request->drained = drained;
	request->drained_context = context;
	evhttp_connection_set_closecb(connection, on_stream_closed, request);
	expect_no_input(connection);
	evhttp_send_reply_start(evhttp, 200, problem_title(200));
	return true;
}

static void on_drained(struct evhttp_connection *connection, void *context)
{
	struct request *request = context;

	(void)connection; /* the request's */
	request->drained(request->drained_context);
}

void request_stream_piece(struct request *request)
{
	struct evbuffer *piece = evbuffer_new();
	size_t len = request->out.len;
	char *bytes = buf_take(&request->out);

	if (piece == NULL || len == 0 ||
	    evbuffer_add_reference(piece, bytes, len, free_bytes, bytes) != 0)
		abort(); /* out of memory; a piece is never empty */
	evhttp_send_reply_chunk_with_cb(request->evhttp, piece, on_drained, request);
	evbuffer_free(piece);
}

void request_stream_end(struct request *request)
{
	struct evhttp_request *evhttp = request->evhttp;

	request_free(request);
	evhttp_send_reply_end(evhttp);
}

void request_stream_break(struct request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request->evhttp);

	request_free(request);
	evhttp_connection_free(connection);
}
