/* http.c - from evhttp's callback to the gate of a route */
#include "api/http.h"

#include <assert.h>
#include <errno.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"

#define HEADERS_BYTES_MAX 32768
#define ALLOW_TEXT_SIZE 64

struct http_server {
	struct http_config config;
	struct evhttp *evhttp;
	struct request_list requests;
};

static bool method_of(enum evhttp_cmd_type command, enum route_method *out)
{
	static const struct {
		enum evhttp_cmd_type command;
		enum route_method method;
	} map[] = {
		{ EVHTTP_REQ_GET, ROUTE_GET },     { EVHTTP_REQ_HEAD, ROUTE_GET },
		{ EVHTTP_REQ_POST, ROUTE_POST },   { EVHTTP_REQ_PUT, ROUTE_PUT },
		{ EVHTTP_REQ_PATCH, ROUTE_PATCH }, { EVHTTP_REQ_DELETE, ROUTE_DELETE },
	};

	for (size_t i = 0; i < ARRAY_LEN(map); i++) {
		if (map[i].command == command) {
			*out = map[i].method;
			return true;
		}
	}
	return false;
}

static void refuse_path(struct request *request, unsigned allowed)
{
	char allow[ALLOW_TEXT_SIZE];

	if (allowed == 0) {
		request_problem(request, 404, "Nothing is served under this path.");
		return;
	}
	route_allow_text(allowed, allow, sizeof(allow));
	request_set_header(request, "Allow", allow);
	request_problem(request, 405, "This path answers to %s only.", allow);
}

static void dispatch(struct http_server *server, struct request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->evhttp);
	const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
	const char *query = uri == NULL ? NULL : evhttp_uri_get_query(uri);
	enum route_method method = (enum route_method)0;
	unsigned allowed = 0;
	struct error error = { 0 };

	if (!method_of(evhttp_request_get_command(request->evhttp), &method))
		method = (enum route_method)0; /* matches no route, but shows Allow */
	request->route = route_find(&server->config.routes, method,
				    slice_str(path == NULL ? "" : path),
				    &request->params, &allowed);
	if (request->route == NULL) {
		refuse_path(request, allowed);
		return;
	}
	if (request->body_len > server->config.body_bytes_max) {
		request_problem(request, 413, "The body is larger than %zu bytes.",
				server->config.body_bytes_max);
		return;
	}
	if (query_parse(slice_str(query == NULL ? "" : query), &request->arena,
			&request->query, &error) != 0) {
		request_problem(request, 400, "%s.", error.text);
		return;
	}
	server->config.gate(request);
}

static void on_request(struct evhttp_request *evhttp, void *context)
{
	struct http_server *server = context;
	struct request *request = request_new(&server->requests, evhttp);

	request->api = server->config.api;
	dispatch(server, request);
}

static void check_routes(const struct route_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct route *route = &table->routes[i];

		assert(route->handler != NULL);
		assert(strstr(route->pattern, "{org}") == NULL ||
		       route->access >= ACCESS_MEMBER);
		assert(strstr(route->pattern, "{project}") != NULL ||
		       (route->access != ACCESS_READER &&
			route->access != ACCESS_PUSHER));
	}
}

/* An answer of more than one segment would wait for the client's delayed
 * acknowledgment, 40 ms. Connections inherit the option. */
static void send_at_once(struct evhttp_bound_socket *bound)
{
	int on = 1;

	if (setsockopt(evhttp_bound_socket_get_fd(bound), IPPROTO_TCP, TCP_NODELAY, &on,
		       sizeof(on)) != 0)
		log_warn("http",
			 "TCP_NODELAY is not to be had: answers will be slower");
}

static int start(struct http_server *server, struct error *error)
{
	const struct http_config *config = &server->config;
	struct evhttp_bound_socket *bound = NULL;

	evhttp_set_max_headers_size(server->evhttp, HEADERS_BYTES_MAX);
	evhttp_set_max_body_size(server->evhttp,
				 (ev_ssize_t)config->body_bytes_max * 2);
	evhttp_set_timeout(server->evhttp, (int)config->idle_timeout_s);
	evhttp_set_allowed_methods(server->evhttp,
				   EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
					   EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
					   EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS);
	evhttp_set_gencb(server->evhttp, on_request, server);
	errno = 0;
	bound = evhttp_bind_socket_with_handle(server->evhttp, config->address,
					       config->port);
	if (bound == NULL)
		return error_set_errno(error, "http %s port %u: listen",
				       config->address, config->port);
	send_at_once(bound);
	return 0;
}

int http_server_new(const struct http_config *config, struct http_server **out,
		    struct error *error)
{
	struct http_server *server = mem_calloc(1, sizeof(*server));

	check_routes(&config->routes);
	server->config = *config;
	server->evhttp = evhttp_new(config->base);
	if (server->evhttp == NULL) {
		mem_free(server);
		return error_set(error, "http: evhttp_new failed");
	}
	if (start(server, error) != 0) {
		http_server_free(&server);
		return -1;
	}
	server->config.address = NULL; /* not ours beyond this call */
	*out = server;
	return 0;
}

void http_server_free(struct http_server **server_ptr)
{
	struct http_server *server = *server_ptr;

	if (server == NULL)
		return;
	request_list_cancel(&server->requests);
	evhttp_free(server->evhttp);
	mem_free(server);
	*server_ptr = NULL;
}

const struct request_stats *http_server_stats(const struct http_server *server)
{
	return &server->requests.stats;
}
