/* http_conn_body.c - the body of an admitted request, within the memory of all */
#include <stdlib.h>

#include "api/http_conn_state.h"
#include "base/clock.h"

/* fewer take at most twice their size where they were read to */
#define FEW_BYTES 512

void http_conn_set_timer(struct http_conn *conn, unsigned seconds)
{
	const struct timeval delay = { .tv_sec = (time_t)seconds };

	/* fails without memory only, and then the socket's own events remain */
	(void)event_add(conn->timer, &delay);
}

void http_conn_release_body(struct http_conn *conn)
{
	(void)evbuffer_drain(conn->body, evbuffer_get_length(conn->body)); /* all */
	conn->shared->stats.bodies_bytes -= conn->reserved;
	conn->reserved = 0;
}

/* false: there is no room for so much more */
static bool reserve(struct http_conn *conn, size_t bytes)
{
	struct http_shared *shared = conn->shared;

	if (bytes > shared->limits.bodies_bytes - shared->stats.bodies_bytes) {
		shared->stats.bodies_refused++;
		return false;
	}
	shared->stats.bodies_bytes += bytes;
	conn->reserved += bytes;
	return true;
}

static void refuse_body(struct http_conn *conn, int status)
{
	conn->keep_alive = false;
	conn->state = CONN_ADMITTING;
	(void)event_del(conn->timer); /* cannot fail */
	conn->shared->ops->refused(conn->context, status);
}

static void complete_body(struct http_conn *conn)
{
	conn->state = CONN_ANSWERING;
	(void)event_del(conn->timer); /* cannot fail */
	conn->shared->ops->body(conn->context);
}

/* A large read changes its buffer. Of a small one the bytes are copied: its space, 1
 * KiB at the least, would stay with a body that may come byte by byte. */
static void take_bytes(struct http_conn *conn, size_t len)
{
	struct evbuffer *input = bufferevent_get_input(conn->stream);
	char few[FEW_BYTES];

	if (len > sizeof(few)) {
		if (evbuffer_remove_buffer(input, conn->body, len) != (int)len)
			abort(); /* out of memory: both are ours, and hold as many */
		return;
	}
	(void)evbuffer_remove(input, few, len); /* they are there */
	if (evbuffer_add(conn->body, few, len) != 0)
		abort(); /* out of memory */
}

static void take_plain(struct http_conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->stream);
	size_t len = evbuffer_get_length(input);

	if (len > conn->body_left)
		len = (size_t)conn->body_left;
	take_bytes(conn, len);
	conn->body_left -= len;
	conn->body_received += len;
	if (conn->body_left == 0)
		complete_body(conn);
}

/* 0, or the status to refuse the body with */
static int add_chunk(struct http_conn *conn, struct slice data)
{
	if (data.len > conn->body_max - evbuffer_get_length(conn->body))
		return 413;
	if (!reserve(conn, data.len))
		return 503;
	if (evbuffer_add(conn->body, data.ptr, data.len) != 0)
		abort(); /* out of memory */
	return 0;
}

static void take_chunks(struct http_conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->stream);
	enum http_chunks_step step = CHUNKS_MORE;
	int status = 0;

	while (step != CHUNKS_END && status == 0 && evbuffer_get_length(input) > 0) {
		size_t len = evbuffer_get_contiguous_space(input);
		struct slice data = { 0 };
		struct slice bytes = slice_of(
			(const char *)evbuffer_pullup(input, (ev_ssize_t)len), len);
		size_t taken = 0;

		step = http_chunks_step(&conn->chunks, bytes, &taken, &data);
		if (step == CHUNKS_BAD)
			status = 400;
		else if (step == CHUNKS_DATA)
			status = add_chunk(conn, data);
		(void)evbuffer_drain(input, taken); /* they are there */
		conn->body_received += taken;
	}
	if (status != 0)
		refuse_body(conn, status);
	else if (step == CHUNKS_END)
		complete_body(conn);
}

void http_conn_read_body(struct http_conn *conn)
{
	if (conn->head->parsed.chunked)
		take_chunks(conn);
	else
		take_plain(conn);
}

void http_conn_admit(struct http_conn *conn, size_t body_bytes_max)
{
	conn->body_max = body_bytes_max;
	if (!conn->head->parsed.chunked && conn->body_left == 0) {
		complete_body(conn);
		return;
	}
	if (conn->body_left > body_bytes_max) {
		refuse_body(conn, 413);
		return;
	}
	if (!reserve(conn, (size_t)conn->body_left)) {
		refuse_body(conn, 503);
		return;
	}
	conn->state = CONN_BODY;
	conn->since_us = clock_monotonic_us();
	http_conn_set_timer(conn, conn->shared->limits.head_timeout_s);
	if (conn->head->parsed.expects_continue &&
	    evbuffer_get_length(bufferevent_get_input(conn->stream)) == 0)
		(void)bufferevent_write(conn->stream, "HTTP/1.1 100 Continue\r\n\r\n",
					25); /* without memory the client times out */
	http_conn_read_body(conn);
}
