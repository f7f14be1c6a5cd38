/* http.h - the HTTP server: evhttp, one table of routes, and the gate before them
 *
 * Threads: the loop thread only.
 * Owner: http_server_free closes all connections and cancels open requests.
 * Limits: http_config. evhttp itself answers, in HTML, what it cannot parse and bodies
 *         of more than twice body_bytes_max; everything else gets problem details.
 */
#ifndef SIFTD_API_HTTP_H
#define SIFTD_API_HTTP_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "api/request.h"
#include "base/error.h"

struct http_server;

struct http_config {
	struct event_base *base;
	const char *address;
	uint16_t port;
	size_t body_bytes_max;
	unsigned idle_timeout_s;
	struct route_table routes;
	struct api_context *api; /* for the handlers */
	/* is called for each request that has a route: answers it, or calls its handler
	 */
	void (*gate)(struct request *request);
};

MUST_CHECK int http_server_new(const struct http_config *config,
			       struct http_server **out, struct error *error);
void http_server_free(struct http_server **server);
const struct request_stats *http_server_stats(const struct http_server *server);

#endif
