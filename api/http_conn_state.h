/* http_conn_state.h - what a connection is (internal to http_conn*.c)
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_HTTP_CONN_STATE_H
#define SIFTD_API_HTTP_CONN_STATE_H

#include "api/http_conn.h"

enum conn_state {
	CONN_IDLE,
	CONN_HEAD,
	CONN_ADMITTING,
	CONN_BODY,
	CONN_ANSWERING,
	CONN_STREAMING,
	CONN_WRITING,
	CONN_SKIPPING,
	CONN_LINGERING
};

/* 2.5 KiB, which a connection that waits does without */
struct conn_head {
	struct http_head parsed;
	char bytes[];
};

struct http_conn {
	struct http_shared *shared;
	struct http_conn *previous, *next;
	struct bufferevent *stream;
	struct event *timer;
	enum conn_state state;
	char address[HTTP_ADDRESS_SIZE];
	uint64_t address_key;
	struct http_conn *idle_previous, *idle_next;
	int64_t since_us; /* of BODY, and since bytes of an answer wait */
	size_t to_take;   /* bytes that waited then */
	void *context;
	struct conn_head *head; /* of the open request; else NULL */
	size_t searched;        /* bytes of the input that hold no end of a head */
	bool keep_alive;
	struct evbuffer *body;
	uint64_t body_left; /* on the socket; unless chunked */
	uint64_t body_received;
	size_t body_max;
	size_t reserved; /* of the memory for all bodies */
	struct http_chunks chunks;
	bool telling;       /* the owner waits to hear that a piece was taken */
	bool unread_chunks; /* of a body that nobody wanted */
};

/* takes what is there of the body, and gives it to ops when it is whole or refused */
void http_conn_read_body(struct http_conn *conn);
/* gives its memory back */
void http_conn_release_body(struct http_conn *conn);
/* bytes of an answer wait now: they must be taken at answer_rate */
void http_conn_watch_reader(struct http_conn *conn);
bool http_conn_is_reader_slow(const struct http_conn *conn);
void http_conn_set_timer(struct http_conn *conn, unsigned seconds);

#endif
