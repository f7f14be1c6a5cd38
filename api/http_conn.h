/* http_conn.h - one connection of the HTTP server: requests in, answers out
 *
 * Threads: the loop thread only.
 * Owner: a connection frees itself when its socket ends; http_conn_free for whoever
 *        cannot wait. A context (the request) is its owner's.
 * Limits: http_limits; what a limit cost is counted in http_conn_stats.
 *
 *	IDLE -> HEAD -> ADMITTING -> BODY -> ANSWERING -> WRITING -> IDLE
 *	                    |                    |           |
 *	                    |                STREAMING       +-> SKIPPING -> IDLE
 *	                    +-> an answer without the body   +-> LINGERING -> freed
 *
 * Nothing of a body is taken from the socket before the owner has admitted the request:
 * what nobody vouches for waits in the kernel. While a request is open, at most
 * READ_AHEAD bytes of the next ones are read, so that the end of the stream is seen. A
 * client that closes its sending side counts as gone, unless its answer is under way.
 */
#ifndef SIFTD_API_HTTP_CONN_H
#define SIFTD_API_HTTP_CONN_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/http_head.h"
#include "base/slice.h"
#include "base/table.h"

#define HTTP_ADDRESS_SIZE 46

struct http_conn;

struct http_limits {
	size_t head_bytes;   /* of a request's head; beyond: 431 */
	size_t bodies_bytes; /* of all bodies in memory; beyond: 503 */
	/* bytes a second of a body, and of an answer that waits to be taken; slower,
	 * after a grace of head_timeout_s: closed */
	size_t body_rate;
	size_t answer_rate;
	unsigned connections;
	unsigned connections_per_address; /* 0: any number */
	unsigned head_timeout_s;          /* for a whole head, or a TLS handshake */
	unsigned idle_timeout_s; /* between requests, or without taking bytes */
};

struct http_conn_stats {
	uint64_t accepted;
	uint64_t open;
	uint64_t refused_total;   /* connections beyond the limit of all */
	uint64_t refused_address; /* beyond the limit of an address */
	uint64_t slow;            /* closed for being slow to send */
	uint64_t slow_readers;    /* or to take what was asked for */
	uint64_t bodies_bytes;    /* in memory now */
	uint64_t bodies_refused;  /* for want of that memory */
	uint64_t heads_refused;   /* malformed, or too large */
};

struct http_conn_ops {
	/* is called with each request's head: sets a context, and admits or answers.
	 * status: what to refuse a malformed one with, else 0 */
	void (*head)(void *owner, struct http_conn *conn, int status);
	/* is called when an admitted request's body is whole: answers, now or later */
	void (*body)(void *context);
	/* is called when the body cannot be taken, with the status to answer */
	void (*refused)(void *context, int status);
	/* is called when the client left before its answer; the connection is freed
	 * behind it */
	void (*gone)(void *context);
	/* is called when the client has taken what was streamed */
	void (*drained)(void *context);
};

/* what all connections of a server share */
struct http_shared {
	struct event_base *base;
	struct http_limits limits;
	const struct http_conn_ops *ops;
	void *owner;
	struct http_conn *first;
	struct http_conn *idle_first, *idle_last; /* idle longest comes first */
	struct table addresses; /* hash of an address -> its connections */
	uint64_t address_seed;
	struct http_conn_stats stats;
	bool draining; /* no answer keeps its connection open */
};

/* takes the stream over */
void http_conn_new(struct http_shared *shared, struct bufferevent *stream,
		   const char *address);
/* without a word to its context */
void http_conn_free(struct http_conn *conn);
/* frees an idle connection, the one that is idle longest; false: there is none */
bool http_conn_free_idle(struct http_shared *shared);
/* frees those without a request; the others end with their answers */
void http_conn_drain(struct http_shared *shared);
unsigned http_conn_count_address(const struct http_shared *shared, const char *address);

void http_conn_set_context(struct http_conn *conn, void *context);
const char *http_conn_address(const struct http_conn *conn);
/* of the open request */
const struct http_head *http_conn_head(const struct http_conn *conn);
struct evbuffer *http_conn_body(struct http_conn *conn);
/* whether the connection goes on behind the answer; else it must say so */
bool http_conn_keeps_alive(const struct http_conn *conn);
void http_conn_end_after(struct http_conn *conn);

/* lets the body come, up to so many bytes; ops->body may be called from inside */
void http_conn_admit(struct http_conn *conn, size_t body_bytes_max);
/* head and body of the answer, which ends the request; body was given by malloc, or is
 * NULL, and is taken over */
void http_conn_answer(struct http_conn *conn, struct slice head, char *body,
		      size_t body_len);
/* the head of an answer in pieces */
void http_conn_stream(struct http_conn *conn, struct slice head);
/* not nothing; taken over as above */
void http_conn_piece(struct http_conn *conn, char *bytes, size_t len);
void http_conn_stream_end(struct http_conn *conn);

#endif
