/* request.h - one HTTP request, from its arrival to its answer
 *
 * Threads: the loop thread only.
 * Owner: a request frees itself when it is answered: after any request_reply_* or
 *        request_problem* call neither it nor anything in its arena may be touched.
 *        When the client goes away first, the function given to request_on_cancel is
 *        called, and then the request is freed.
 * Limits: REQUEST_JSON_MAX bytes of JSON body (it is parsed on the loop); bodies are
 *         bounded by the server.
 */
#ifndef SIFTD_API_REQUEST_H
#define SIFTD_API_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "api/problem.h"
#include "api/query.h"
#include "api/route.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/json_out.h"

#define REQUEST_JSON_MAX ((size_t)8 * 1024 * 1024)
#define REQUEST_ID_SIZE 33
#define REQUEST_ADDRESS_SIZE 46

struct api_context;
struct evbuffer;
struct http_conn;
struct request;
struct request_field;
struct kept_question;

enum role { ROLE_NONE, ROLE_MEMBER, ROLE_ADMIN };
/* of an API key */
enum key_role { KEY_ROLE_NONE, KEY_ROLE_INGEST, KEY_ROLE_READ };

/* who asks and for what; filled by authorisation, and only with what belongs together
 */
struct caller {
	int64_t user_id; /* 0: an API key asks */
	int64_t session_id;
	enum role role; /* in organisation_id */
	bool by_cookie;
	int64_t key_id; /* 0: a person asks */
	enum key_role key_role;
	struct slice key_name;
	struct slice actor; /* what the audit calls them; ptr NULL: nobody is known */
	int64_t organisation_id;
	int64_t project_id;   /* 0: the path has none */
	int64_t ingestion_id; /* 0: the path has none, the whole project is meant */
	struct slice token_hash;
};

struct request_stats {
	uint64_t answered[6]; /* by the first digit of the status */
	uint64_t abandoned;   /* the client went away first */
	uint64_t open;
	uint64_t throttled;
	uint64_t slowed;    /* logins of accounts that are tried too often */
	uint64_t coalesced; /* answered by the run of another that asked the same */
};

/* all open requests of a server; a doubly linked list */
struct request_list {
	struct request *first;
	struct coalescer *coalescer;
	struct request_stats stats;
};

typedef void request_cancel_fn(void *context);
/* how a request ended, and with what */
struct request_end {
	const struct request *request;
	int status;                    /* 0: its client went away */
	const struct problem *problem; /* NULL: it was answered with what out holds */
};

/* is called once, just before the answer goes, or when the client has gone */
typedef void request_end_fn(void *context, const struct request_end *end);
/* is called when the client has taken what was sent: the next piece may go */
typedef void request_drained_fn(void *context);

struct request {
	struct api_context *api;
	const struct route *route;
	struct route_params params;
	struct query query;
	size_t body_len;       /* when it is there: in the handler */
	size_t body_bytes_max; /* that will be taken */
	struct caller caller;
	void *state; /* a handler's own, between its callbacks; in the arena */
	char id[REQUEST_ID_SIZE];
	char address[REQUEST_ADDRESS_SIZE];
	struct arena arena;
	struct buf out; /* of the answer */
	/* for the list and the connection: request.c only */
	struct request_list *list;
	struct request *previous, *next;
	struct http_conn *conn;
	struct request_field *fields; /* of the answer's head */
	struct kept_question *kept;   /* of kept_answers.c alone */
	request_cancel_fn *cancel;
	void *cancel_context;
	request_end_fn *end;
	void *end_context;
	request_drained_fn *drained; /* of an answer in pieces; else NULL */
	void *drained_context;
	int64_t started_us;
};

/* becomes the context of conn; fills id and address */
struct request *request_new(struct request_list *list, struct http_conn *conn);
/* lets its body come; the route's handler is called when it is there */
void request_admit(struct request *request);
/* answers 413, 503 or 400: too large, no room for it now, or malformed */
void request_refuse_body(struct request *request, int status);
/* the client has gone: cancels and frees; conn is on its way out */
void request_abandon(struct request *request);
/* cancels and frees all, without answers: the server is about to close connections */
void request_list_cancel(struct request_list *list);

/* the whole body in one piece, which copies a large one; for what is bounded and small
 */
struct slice request_body(struct request *request);
/* the body is the caller's now, as it came, without a copy; NULL: out of memory */
struct evbuffer *request_take_body(struct request *request);
/* the value of a header that came, or NULL */
const char *request_header(const struct request *request, const char *name);
/* of the answer; replaces */
void request_set_header(struct request *request, const char *name, const char *value);
/* a query parameter that goes into SQL as text: '' when absent. false: it holds NUL or
 * is not UTF-8, and 422 was answered */
MUST_CHECK bool request_query_text(struct request *request, const char *name,
				   struct slice *out);
void *request_alloc(struct request *request, size_t size)
	__attribute__((returns_nonnull));
/* what to stop when the client goes away; NULL: nothing any more */
void request_on_cancel(struct request *request, request_cancel_fn *cancel,
		       void *context);

/* who wants to know how it ends; NULL: nobody any more. Not for answers in pieces */
void request_on_end(struct request *request, request_end_fn *end, void *context);
/* answers as another request was answered */
void request_end_alike(struct request *request, const struct request_end *end);

/* answers with what request->out holds, as JSON */
void request_reply_json(struct request *request, int status);
void request_reply(struct request *request, int status, const char *content_type);
/* 204 */
void request_reply_empty(struct request *request);
/* 304: what the client has is still right */
void request_reply_not_modified(struct request *request);
void request_problem(struct request *request, int status, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* 422 for one field */
void request_problem_field(struct request *request, const char *field,
			   const char *format, ...) PRINTF_LIKE(3, 4);
/* 404 in the same words for what is absent and what is not yours */
void request_not_found(struct request *request, const char *what);
/* 503 with Retry-After */
void request_unavailable(struct request *request, const char *detail);
void request_send_problem(struct request *request, const struct problem *problem);

/* An answer in pieces, so that neither it nor its making need fit into memory:
 *
 *	start -> piece -> drained() -> piece ... -> end
 *
 * Each piece is what request->out holds (not nothing), and is taken out of it. Between
 * start and end the request lives on, and is cancelled when its client goes away.
 * false: the client asked for the head only, which start has sent; the request is gone.
 */
MUST_CHECK bool request_stream_start(struct request *request, const char *content_type,
				     request_drained_fn *drained, void *context);
void request_stream_piece(struct request *request);
void request_stream_end(struct request *request);
/* closes the connection within the answer: that is how the client learns that there
 * should have been more */
void request_stream_break(struct request *request);

#endif
