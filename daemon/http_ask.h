/* http_ask.h - a client of the HTTP interface for subcommands: one request at a time
 *
 * Threads: the caller's; a loop of its own runs inside of http_ask.
 * Owner: http_ask_close; what an answer's values point at is valid until the next
 *        request.
 * Limits: those of http_client.h; an answer is waited for timeout_s.
 */
#ifndef SIFTD_DAEMON_HTTP_ASK_H
#define SIFTD_DAEMON_HTTP_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

#define HTTP_ASK_HEADERS_MAX 4

struct http_ask;

struct http_ask_request {
	const char *method;
	const char *path;                          /* below /api/v1 */
	const char *headers[HTTP_ASK_HEADERS_MAX]; /* "Name: value", then NULL */
	struct slice body;
	unsigned timeout_s;
};

/* url: such as http://127.0.0.1:8080 */
MUST_CHECK int http_ask_open(const char *url, struct http_ask **out,
			     struct error *error);
void http_ask_close(struct http_ask **ask);
/* a login token or an API key, for all that comes; copied */
void http_ask_set_token(struct http_ask *ask, const char *token);

/* the status; -1: nothing answered */
MUST_CHECK int http_ask(struct http_ask *ask, const struct http_ask_request *request,
			struct error *error);
/* what the last answer asks to wait, 0: nothing */
unsigned http_ask_retry_after_s(const struct http_ask *ask);
/* why it refused, in its own words; always -1 */
int http_ask_refusal(const struct http_ask *ask, struct error *error);

/* members of the last answer, which may be "a.b"; 0 and NULL where there is none */
int64_t http_ask_int(const struct http_ask *ask, const char *name);
const char *http_ask_text(const struct http_ask *ask, const char *name);
/* of a list of objects */
size_t http_ask_count(const struct http_ask *ask, const char *list);
int64_t http_ask_item_int(const struct http_ask *ask, const char *list, size_t index,
			  const char *name);
const char *http_ask_item_text(const struct http_ask *ask, const char *list,
			       size_t index, const char *name);

#endif
