/* http_conn_answer.c - writing answers, whole or in pieces */
#include <stdio.h>
#include <stdlib.h>

#include "api/http_conn_state.h"
#include "base/clock.h"
#include "base/mem.h"

/* how much of an unwanted body is read to keep a connection */
#define SKIP_BYTES_MAX ((uint64_t)64 * 1024)

/* how long they are cannot be known */
static bool has_unread_chunks(const struct http_conn *conn)
{
	return conn->head->parsed.chunked && conn->state == CONN_ADMITTING;
}

/* A client that waits for 100 (RFC 9110 section 10.1.1) may leave its body out when it
 * is refused: nobody could tell whether body or request comes next. */
static bool may_lack_body(const struct http_conn *conn)
{
	return conn->head->parsed.expects_continue && conn->body_left > 0 &&
	       conn->state == CONN_ADMITTING;
}

bool http_conn_keeps_alive(const struct http_conn *conn)
{
	/* what is left of a body must be short enough to be skipped */
	return conn->keep_alive && conn->body_left <= SKIP_BYTES_MAX &&
	       !has_unread_chunks(conn) && !may_lack_body(conn);
}

static void free_bytes(const void *data, size_t len, void *context)
{
	(void)data; /* the same bytes as context, but const */
	(void)len;
	mem_free(context);
}

static void write_taken(struct http_conn *conn, char *bytes, size_t len)
{
	struct evbuffer *output = bufferevent_get_output(conn->stream);

	if (len == 0)
		mem_free(bytes);
	else if (evbuffer_add_reference(output, bytes, len, free_bytes, bytes) != 0)
		abort(); /* out of memory */
}

static void write_text(struct http_conn *conn, struct slice text)
{
	if (bufferevent_write(conn->stream, text.ptr, text.len) != 0)
		abort(); /* out of memory */
}

void http_conn_watch_reader(struct http_conn *conn)
{
	conn->since_us = clock_monotonic_us();
	conn->to_take = evbuffer_get_length(bufferevent_get_output(conn->stream));
	http_conn_set_timer(conn, conn->shared->limits.head_timeout_s);
}

bool http_conn_is_reader_slow(const struct http_conn *conn)
{
	int64_t passed_us = clock_monotonic_us() - conn->since_us;
	int64_t grace_us = conn->shared->limits.head_timeout_s * INT64_C(1000000);
	size_t left = evbuffer_get_length(bufferevent_get_output(conn->stream));

	if (left == 0 || passed_us <= grace_us)
		return false;
	return (uint64_t)(conn->to_take - left) * 1000000 <
	       (uint64_t)(passed_us - grace_us) * conn->shared->limits.answer_rate;
}

static void begin_writing(struct http_conn *conn)
{
	conn->keep_alive = http_conn_keeps_alive(conn);
	conn->unread_chunks = has_unread_chunks(conn);
	conn->state = CONN_WRITING;
	conn->context = NULL;
	http_conn_release_body(conn);
}

void http_conn_answer(struct http_conn *conn, struct slice head, char *body,
		      size_t body_len)
{
	begin_writing(conn);
	write_text(conn, head);
	write_taken(conn, body, body_len);
	http_conn_watch_reader(conn);
}

void http_conn_stream(struct http_conn *conn, struct slice head)
{
	conn->state = CONN_STREAMING;
	write_text(conn, head);
}

void http_conn_piece(struct http_conn *conn, char *bytes, size_t bytes_len)
{
	char size[24];
	/* sixteen digits and CRLF fit */
	int len = snprintf(size, sizeof(size), "%zx\r\n", bytes_len);

	if (!conn->head->parsed.is_1_0)
		write_text(conn, slice_of(size, (size_t)len));
	write_taken(conn, bytes, bytes_len);
	conn->telling = true;
	if (!conn->head->parsed.is_1_0)
		write_text(conn, SLICE("\r\n"));
	http_conn_watch_reader(conn);
}

void http_conn_stream_end(struct http_conn *conn)
{
	bool is_1_0 = conn->head->parsed.is_1_0;

	begin_writing(conn);
	if (!is_1_0)
		write_text(conn, SLICE("0\r\n\r\n"));
	http_conn_watch_reader(conn);
	/* nothing to write: nobody would say that it is written */
	if (conn->to_take == 0)
		bufferevent_trigger(conn->stream, EV_WRITE,
				    BEV_TRIG_IGNORE_WATERMARKS |
					    BEV_TRIG_DEFER_CALLBACKS);
}
