/* http_head.h - the head of an HTTP/1 request: request line and header fields
 *
 * Threads: any; pure.
 * Owner: everything borrows from the bytes, which are changed: a NUL ends each value.
 * Limits: HTTP_FIELDS_MAX fields; the length of the head is the caller's.
 *
 * Strict where two readers could differ (RFC 9112 sections 2.2, 3.2, 5.1, 6.1, 6.3 and
 * 11.2): line ends are CRLF, names are tokens with the colon right behind, lines are
 * not folded, and Content-Length stands once, or else Transfer-Encoding: chunked.
 */
#ifndef SIFTD_API_HTTP_HEAD_H
#define SIFTD_API_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

#define HTTP_FIELDS_MAX 100

struct http_field {
	struct slice name;
	const char *value;
};

struct http_head {
	struct slice method;
	struct slice path;  /* from the slash on, still percent-encoded */
	struct slice query; /* behind the question mark; "" when there is none */
	bool is_1_0;
	bool keep_alive; /* what the client wants */
	bool expects_continue;
	bool chunked;
	uint64_t body_len; /* unless chunked */
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t fields_count;
};

/* bytes hold a head up to and with its empty line. 0, or the status to refuse it with:
 * 400, 431, 501, 505 */
MUST_CHECK int http_head_parse(char *bytes, size_t len, struct http_head *out);
/* the first of that name, in any case; NULL when there is none */
const char *http_head_field(const struct http_head *head, const char *name);

/* a body in chunks (RFC 9112 section 7.1), a piece at a time */
struct http_chunks {
	enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER } state;
	uint64_t left;   /* of the data of this chunk */
	size_t line_len; /* of the trailer's line so far */
	size_t trailer_len;
	unsigned digits;
	bool in_extension;
	bool after_cr;
};

enum http_chunks_step {
	CHUNKS_MORE, /* all bytes were taken */
	CHUNKS_DATA, /* *taken bytes at *data belong to the body */
	CHUNKS_END,
	CHUNKS_BAD
};

/* takes *taken bytes from the front of `bytes`; data is set on CHUNKS_DATA only */
enum http_chunks_step http_chunks_step(struct http_chunks *chunks, struct slice bytes,
				       size_t *taken, struct slice *data);

#endif
