/* http_client.h - requests to other servers, by one libcurl multi handle on the loop
 *
 * Threads: the loop thread only; names are resolved on libcurl's own threads.
 * Owner: http_client_free ends open requests without their callbacks. What a request
 *        points at is copied.
 * Limits: HTTP_CLIENT_OPEN_MAX open requests; timeout_ms from start to end;
 *         HTTP_ANSWER_MAX bytes of an answer are read. No redirect is followed, no
 * proxy of the environment is used, http and https only. Certificates are checked.
 *
 * Whoever may name an address could make siftd ask what only this machine can reach:
 * link-local addresses, among them the metadata service of clouds (RFC 3927, RFC 4291
 * section 2.5.6), and private ones are refused as configured, when the socket is made,
 * whatever name led there.
 */
#ifndef SIFTD_SINKS_HTTP_CLIENT_H
#define SIFTD_SINKS_HTTP_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

#define HTTP_CLIENT_OPEN_MAX 16
#define HTTP_ANSWER_MAX ((size_t)64 * 1024)
#define HTTP_CLIENT_HEADERS_MAX 8

struct http_client;
struct http_call;
struct sockaddr;

/* addresses that are not to be asked */
struct http_client_bans {
	/* link-local and metadata; with either: unspecified, multicast and reserved */
	bool link_local;
	/* this machine, and networks that the Internet does not route to (RFC 1918, RFC
	 * 4193, RFC 6598) */
	bool private_networks;
};

struct http_client_config {
	struct http_client_bans bans;
	const char *user_agent;
};

struct http_client_request {
	const char *method; /* NULL: POST */
	const char *url;
	struct slice body;
	const char *headers[HTTP_CLIENT_HEADERS_MAX]; /* "Name: value" */
	size_t headers_count;
	unsigned timeout_ms;
};

struct http_answer {
	int status; /* 0: there was none, see error */
	struct slice body;
	unsigned retry_after_s; /* 0: the server said nothing */
	const char *error;      /* never holds the URL's path, a header or the body */
};

/* is called once, never from inside http_client_post */
typedef void http_answer_fn(void *context, const struct http_answer *answer);

MUST_CHECK int http_client_new(struct event_base *base,
			       const struct http_client_config *config,
			       struct http_client **out, struct error *error);
void http_client_free(struct http_client **client);
/* NULL: too many are open */
struct http_call *http_client_post(struct http_client *client,
				   const struct http_client_request *request,
				   http_answer_fn *done, void *context);
/* also where IPv6 carries IPv4 */
bool http_client_is_refused(const struct http_client_bans *bans,
			    const struct sockaddr *address);

#endif
