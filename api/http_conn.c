/* http_conn.c - a connection's states, its bounds of bytes and of time */
#include "api/http_conn_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "api/http_tls.h"
#include "base/clock.h"
#include "base/hash64.h"
#include "base/mem.h"

#define READ_AHEAD ((size_t)64 * 1024)
#define LINGER_S 2

static void turn(struct http_conn *conn);

static struct evbuffer *input_of(const struct http_conn *conn)
{
	return bufferevent_get_input(conn->stream);
}

static bool is_idle(const struct http_conn *conn)
{
	return conn->state == CONN_IDLE || conn->state == CONN_LINGERING;
}

/* from now on it gives way to others */
static void join_idle(struct http_conn *conn, enum conn_state state)
{
	struct http_shared *shared = conn->shared;

	conn->state = state;
	conn->idle_next = NULL;
	conn->idle_previous = shared->idle_last;
	if (shared->idle_last != NULL)
		shared->idle_last->idle_next = conn;
	else
		shared->idle_first = conn;
	shared->idle_last = conn;
}

static void leave_idle(struct http_conn *conn)
{
	struct http_shared *shared = conn->shared;

	if (conn->idle_previous != NULL)
		conn->idle_previous->idle_next = conn->idle_next;
	else
		shared->idle_first = conn->idle_next;
	if (conn->idle_next != NULL)
		conn->idle_next->idle_previous = conn->idle_previous;
	else
		shared->idle_last = conn->idle_previous;
}

static void count_address(struct http_conn *conn)
{
	struct table *addresses = &conn->shared->addresses;

	conn->address_key =
		hash64(slice_str(conn->address), conn->shared->address_seed);
	++*table_put(addresses, conn->address_key, NULL);
}

static void forget_address(const struct http_conn *conn)
{
	struct table *addresses = &conn->shared->addresses;

	if (--*table_get(addresses, conn->address_key) == 0)
		(void)table_remove(addresses, conn->address_key); /* it is there */
}

static void free_head(struct http_conn *conn)
{
	mem_free(conn->head);
	conn->head = NULL;
}

void http_conn_free(struct http_conn *conn)
{
	struct http_shared *shared = conn->shared;

	if (is_idle(conn))
		leave_idle(conn);
	forget_address(conn);
	if (conn->previous != NULL)
		conn->previous->next = conn->next;
	else
		shared->first = conn->next;
	if (conn->next != NULL)
		conn->next->previous = conn->previous;
	shared->stats.open--;
	http_conn_release_body(conn);
	bufferevent_free(conn->stream);
	event_free(conn->timer);
	evbuffer_free(conn->body);
	free_head(conn);
	mem_free(conn);
}

static bool has_request(const struct http_conn *conn)
{
	return conn->state == CONN_ADMITTING || conn->state == CONN_BODY ||
	       conn->state == CONN_ANSWERING || conn->state == CONN_STREAMING;
}

static void lose(struct http_conn *conn)
{
	if (has_request(conn))
		conn->shared->ops->gone(conn->context);
	http_conn_free(conn);
}

static void become_idle(struct http_conn *conn)
{
	join_idle(conn, CONN_IDLE);
	conn->searched = 0;
	free_head(conn);
	http_conn_set_timer(conn, conn->shared->limits.idle_timeout_s);
	/* what was read ahead tells nobody of itself */
	if (evbuffer_get_length(input_of(conn)) > 0)
		bufferevent_trigger(conn->stream, EV_READ,
				    BEV_TRIG_IGNORE_WATERMARKS |
					    BEV_TRIG_DEFER_CALLBACKS);
}

/* the position behind the empty line that ends a head, 0: it is not there yet */
static size_t find_head_end(struct http_conn *conn)
{
	struct evbuffer *input = input_of(conn);
	struct evbuffer_ptr from = { 0 };
	struct evbuffer_ptr found;

	if (evbuffer_ptr_set(input, &from, conn->searched > 3 ? conn->searched - 3 : 0,
			     EVBUFFER_PTR_SET) != 0)
		return 0;
	found = evbuffer_search(input, "\r\n\r\n", 4, &from);
	conn->searched = evbuffer_get_length(input);
	return found.pos < 0 ? 0 : (size_t)found.pos + 4;
}

/* in front of a head that could not be read */
static void make_head(struct http_conn *conn, size_t bytes)
{
	free_head(conn);
	conn->head = mem_alloc(sizeof(*conn->head) + bytes);
	conn->head->parsed =
		(struct http_head){ .method = SLICE("GET"), .path = SLICE("") };
}

static void give_head(struct http_conn *conn, int status)
{
	conn->state = CONN_ADMITTING;
	(void)event_del(conn->timer); /* cannot fail */
	conn->keep_alive =
		status == 0 && conn->head->parsed.keep_alive && !conn->shared->draining;
	conn->body_left = conn->head->parsed.chunked ? 0 : conn->head->parsed.body_len;
	conn->body_received = 0;
	conn->chunks = (struct http_chunks){ .state = CHUNK_SIZE };
	if (status != 0)
		conn->shared->stats.heads_refused++;
	conn->shared->ops->head(conn->shared->owner, conn, status);
}

/* a robust server ignores empty lines in front of a request (RFC 9112 section 2.2) */
static void skip_empty_lines(struct evbuffer *input)
{
	char two[2];

	while (evbuffer_copyout(input, two, 2) == 2 && two[0] == '\r' && two[1] == '\n')
		(void)evbuffer_drain(input, 2); /* they are there */
}

static void read_head(struct http_conn *conn)
{
	struct evbuffer *input = input_of(conn);
	size_t max = conn->shared->limits.head_bytes;
	size_t len = 0;

	if (conn->state == CONN_IDLE)
		skip_empty_lines(input);
	if (evbuffer_get_length(input) == 0)
		return;
	if (conn->state == CONN_IDLE) {
		leave_idle(conn);
		conn->state = CONN_HEAD;
		http_conn_set_timer(conn, conn->shared->limits.head_timeout_s);
	}
	len = find_head_end(conn);
	if (len == 0 && conn->searched <= max)
		return;
	if (len == 0 || len > max) {
		make_head(conn, 0);
		give_head(conn, 431);
		return;
	}
	make_head(conn, len);
	(void)evbuffer_remove(input, conn->head->bytes, len); /* it holds as many */
	give_head(conn, http_head_parse(conn->head->bytes, len, &conn->head->parsed));
}

/* of a body that nobody wanted */
static void skip_body(struct http_conn *conn)
{
	struct evbuffer *input = input_of(conn);
	size_t len = evbuffer_get_length(input);

	if (len > conn->body_left)
		len = (size_t)conn->body_left;
	(void)evbuffer_drain(input, len); /* they are there */
	conn->body_left -= len;
	if (conn->body_left == 0)
		become_idle(conn);
}

/* the answer is written. Closing while bytes of the client are unread would reset the
 * connection, and the client might never see its answer: so its side is read a while */
static void end_answer(struct http_conn *conn)
{
	bool unread = conn->body_left > 0 || conn->unread_chunks ||
		      evbuffer_get_length(input_of(conn)) > 0;

	if (conn->keep_alive && !conn->shared->draining) {
		conn->state = CONN_SKIPPING;
		if (conn->body_left > 0)
			http_conn_set_timer(conn, conn->shared->limits.head_timeout_s);
		skip_body(conn);
		return;
	}
	http_tls_end(conn->stream);
	if (!unread || shutdown(bufferevent_getfd(conn->stream), SHUT_WR) != 0) {
		http_conn_free(conn);
		return;
	}
	join_idle(conn, CONN_LINGERING);
	http_conn_set_timer(conn, LINGER_S);
	turn(conn);
}

/* one turn of the machine: there are bytes to read */
static void turn(struct http_conn *conn)
{
	switch (conn->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		read_head(conn);
		break;
	case CONN_BODY:
		http_conn_read_body(conn);
		break;
	case CONN_SKIPPING:
		skip_body(conn);
		break;
	case CONN_LINGERING:
		/* as many as there are */
		(void)evbuffer_drain(input_of(conn),
				     evbuffer_get_length(input_of(conn)));
		break;
	case CONN_ADMITTING:
	case CONN_ANSWERING:
	case CONN_STREAMING:
	case CONN_WRITING:
		break; /* they wait for the next request */
	}
}

static void on_read(struct bufferevent *stream, void *context)
{
	(void)stream; /* the connection's */
	turn(context);
}

static void on_written(struct bufferevent *stream, void *context)
{
	struct http_conn *conn = context;

	if (evbuffer_get_length(bufferevent_get_output(stream)) > 0)
		return;
	if (conn->state == CONN_WRITING) {
		end_answer(conn);
		return;
	}
	if (conn->state != CONN_STREAMING)
		return;
	(void)event_del(conn->timer); /* cannot fail */
	if (!conn->telling)
		return;
	conn->telling = false;
	conn->shared->ops->drained(conn->context);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct http_conn *conn = context;
	bool ended = (what & (BEV_EVENT_EOF | BEV_EVENT_READING)) ==
		     (BEV_EVENT_EOF | BEV_EVENT_READING);

	if ((what & BEV_EVENT_CONNECTED) != 0)
		return; /* the end of a TLS handshake */
	if (ended && conn->state == CONN_WRITING) {
		/* it said all it had to say, and waits */
		conn->keep_alive = false;
		conn->body_left = 0;
		/* libevent stops a TLS stream both ways, and nothing would end it */
		if (bufferevent_enable(stream, EV_WRITE) != 0)
			http_conn_free(conn);
		return;
	}
	if ((what & BEV_EVENT_TIMEOUT) != 0)
		conn->shared->stats.slow_readers++;
	lose(conn);
}

/* a body may come slowly, but not at the price of the memory it holds */
static bool is_body_slow(const struct http_conn *conn)
{
	int64_t passed_us = clock_monotonic_us() - conn->since_us;
	int64_t grace_us = conn->shared->limits.head_timeout_s * INT64_C(1000000);

	if (passed_us <= grace_us)
		return false;
	return conn->body_received * 1000000 <
	       (uint64_t)(passed_us - grace_us) * conn->shared->limits.body_rate;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct http_conn *conn = context;
	bool writes = conn->state == CONN_WRITING || conn->state == CONN_STREAMING;

	(void)fd;   /* none */
	(void)what; /* the time is over */
	if ((conn->state == CONN_BODY && !is_body_slow(conn)) ||
	    (writes && !http_conn_is_reader_slow(conn))) {
		http_conn_set_timer(conn, conn->shared->limits.head_timeout_s);
		return;
	}
	if (writes)
		conn->shared->stats.slow_readers++;
	else if (!is_idle(conn))
		conn->shared->stats.slow++;
	if (conn->state == CONN_HEAD) {
		make_head(conn, 0);
		give_head(conn, 408);
		return;
	}
	lose(conn);
}

void http_conn_new(struct http_shared *shared, struct bufferevent *stream,
		   const char *address)
{
	struct http_conn *conn = mem_calloc(1, sizeof(*conn));
	const struct timeval write_limit = { .tv_sec = shared->limits.idle_timeout_s };

	conn->shared = shared;
	conn->stream = stream;
	conn->timer = evtimer_new(shared->base, on_timer, conn);
	conn->body = evbuffer_new();
	if (conn->timer == NULL || conn->body == NULL)
		abort(); /* out of memory */
	(void)snprintf(conn->address, sizeof(conn->address), "%s",
		       address); /* shorter */
	conn->next = shared->first;
	if (shared->first != NULL)
		shared->first->previous = conn;
	shared->first = conn;
	count_address(conn);
	shared->stats.open++;
	shared->stats.accepted++;
	bufferevent_setcb(stream, on_read, on_written, on_event, conn);
	bufferevent_setwatermark(stream, EV_READ, 0, READ_AHEAD);
	/* fails on values that are none */
	(void)bufferevent_set_max_single_read(stream, READ_AHEAD);
	bufferevent_set_timeouts(stream, NULL, &write_limit);
	join_idle(conn, CONN_IDLE);
	http_conn_set_timer(conn, shared->limits.head_timeout_s);
	if (bufferevent_enable(stream, EV_READ | EV_WRITE) != 0)
		http_conn_free(conn);
}

bool http_conn_free_idle(struct http_shared *shared)
{
	if (shared->idle_first == NULL)
		return false;
	http_conn_free(shared->idle_first);
	return true;
}

void http_conn_drain(struct http_shared *shared)
{
	struct http_conn *next = NULL;

	shared->draining = true;
	for (struct http_conn *conn = shared->first; conn != NULL; conn = next) {
		next = conn->next;
		conn->keep_alive = false;
		if (!has_request(conn) && conn->state != CONN_WRITING)
			http_conn_free(conn);
	}
}

unsigned http_conn_count_address(const struct http_shared *shared, const char *address)
{
	const uint64_t *count = table_get(
		&shared->addresses, hash64(slice_str(address), shared->address_seed));

	return count == NULL ? 0 : (unsigned)*count;
}

void http_conn_set_context(struct http_conn *conn, void *context)
{
	conn->context = context;
}

const char *http_conn_address(const struct http_conn *conn)
{
	return conn->address;
}

const struct http_head *http_conn_head(const struct http_conn *conn)
{
	return &conn->head->parsed;
}

struct evbuffer *http_conn_body(struct http_conn *conn)
{
	return conn->body;
}

void http_conn_end_after(struct http_conn *conn)
{
	conn->keep_alive = false;
}
