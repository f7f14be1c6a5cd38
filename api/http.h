/* http.h - the HTTP server: connections, one table of routes, and the gate before them
 *
 * Threads: the loop thread only.
 * Owner: http_server_free closes all connections and cancels open requests.
 * Limits: http_limits; a request's body waits on the socket until the gate has let the
 *         request pass, and is then bounded by body_bytes_max, or by
 *         public_body_bytes_max where anybody may call. All that is refused gets
 * problem details, what cannot be parsed as well.
 */
#ifndef SIFTD_API_HTTP_H
#define SIFTD_API_HTTP_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "api/http_conn.h"
#include "api/request.h"
#include "base/error.h"

struct forwarded;
struct http_server;
struct http_tls;

struct http_config {
	struct event_base *base;
	const char *address;
	uint16_t port;
	struct http_limits limits;
	size_t body_bytes_max;
	size_t public_body_bytes_max;
	struct http_tls *tls;            /* NULL: without */
	const struct forwarded *proxies; /* who may speak for others */
	struct route_table routes;
	/* is called for each GET and HEAD before the routes: the route of a file of the
	 * page, or NULL */
	const struct route *(*find_page)(const struct http_head *head);
	struct api_context *api; /* for the handlers */
	/* is called for each request that has a route: answers it, or admits it
	 * (request_admit) */
	void (*gate)(struct request *request);
};

MUST_CHECK int http_server_new(const struct http_config *config,
			       struct http_server **out, struct error *error);
void http_server_free(struct http_server **server);
/* takes no more connections, and ends those there are behind their answers */
void http_server_drain(struct http_server *server);
const struct request_stats *http_server_stats(const struct http_server *server);
const struct http_conn_stats *http_server_conn_stats(const struct http_server *server);

#endif
