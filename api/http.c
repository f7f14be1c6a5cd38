/* http.c - accepts connections, and leads each request to the gate of its route */
#include "api/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/coalesce.h"
#include "api/cors.h"
#include "api/forwarded.h"
#include "api/http_tls.h"
#include "base/log.h"
#include "base/mem.h"

#define ALLOW_TEXT_SIZE 64
#define BACKLOG 511
/* after accept has failed for want of descriptors or memory */
#define ACCEPT_PAUSE_US 200000L

struct http_server {
	struct http_config config;
	struct http_shared shared;
	struct evconnlistener *listener;
	struct event *pause;
	struct request_list requests;
};

static bool method_of(struct slice word, enum route_method *out)
{
	static const struct {
		const char *word;
		enum route_method method;
	} map[] = {
		{ "GET", ROUTE_GET },         { "HEAD", ROUTE_GET },
		{ "POST", ROUTE_POST },       { "PUT", ROUTE_PUT },
		{ "PATCH", ROUTE_PATCH },     { "DELETE", ROUTE_DELETE },
		{ "OPTIONS", ROUTE_OPTIONS },
	};

	for (size_t i = 0; i < ARRAY_LEN(map); i++) {
		if (slice_equal(word, slice_str(map[i].word))) {
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

/* what a path answers to is said to everybody: the table of routes is no secret */
static void tell_options(struct request *request, unsigned allowed)
{
	char allow[ALLOW_TEXT_SIZE];

	route_allow_text(allowed | ROUTE_OPTIONS, allow, sizeof(allow));
	request_set_header(request, "Allow", allow);
	cors_set_methods(request, allow);
	request_reply_empty(request);
}

static void dispatch(struct http_server *server, struct request *request)
{
	const struct http_head *head = http_conn_head(request->conn);
	enum route_method method = (enum route_method)0;
	unsigned allowed = 0;
	struct error error = { 0 };

	if (!method_of(head->method, &method))
		method = (enum route_method)0; /* matches no route, but shows Allow */
	request->route = route_find(&server->config.routes, method, head->path,
				    &request->params, &allowed);
	if (method == ROUTE_GET && server->config.find_page != NULL) {
		const struct route *page = server->config.find_page(head);

		if (page != NULL)
			request->route = page;
	}
	cors_set_origin(request);
	/* a browser asks without a credential whether it may ask with one */
	if (allowed != 0 && method == ROUTE_OPTIONS &&
	    (request->route == NULL || cors_is_preflight(request))) {
		tell_options(request, allowed);
		return;
	}
	if (request->route == NULL) {
		refuse_path(request, allowed);
		return;
	}
	request->body_bytes_max = request->route->access == ACCESS_PUBLIC
					  ? server->config.public_body_bytes_max
					  : server->config.body_bytes_max;
	if (head->body_len > server->config.body_bytes_max) {
		request_refuse_body(request, 413);
		return;
	}
	if (query_parse(head->query, &request->arena, &request->query, &error) != 0) {
		request_problem(request, 400, "%s.", error.text);
		return;
	}
	server->config.gate(request);
}

static void refuse_head(struct request *request, int status)
{
	switch (status) {
	case 408:
		request_problem(request, status, "The request took too long to come.");
		break;
	case 431:
		request_problem(request, status,
				"The request's head is larger than is taken here.");
		break;
	case 501:
		request_problem(request, status,
				"The only transfer encoding here is chunked.");
		break;
	case 505:
		request_problem(request, status, "This is an HTTP/1.1 server.");
		break;
	default:
		request_problem(request, status, "This is no HTTP/1.1 request.");
		break;
	}
}

static void on_head(void *owner, struct http_conn *conn, int status)
{
	struct http_server *server = owner;
	struct request *request = request_new(&server->requests, conn);

	request->api = server->config.api;
	if (status != 0) {
		refuse_head(request, status);
		return;
	}
	forwarded_client(server->config.proxies, http_conn_head(conn),
			 request->address);
	dispatch(server, request);
}

static void on_body(void *context)
{
	struct request *request = context;

	request->body_len = evbuffer_get_length(http_conn_body(request->conn));
	if (request->route->is_coalesced)
		coalesce(request->list->coalescer, request);
	else
		request->route->handler(request);
}

static void on_refused(void *context, int status)
{
	request_refuse_body(context, status);
}

static void on_gone(void *context)
{
	request_abandon(context);
}

static void on_drained(void *context)
{
	struct request *request = context;

	request->drained(request->drained_context);
}

static const struct http_conn_ops conn_ops = {
	.head = on_head,
	.body = on_body,
	.refused = on_refused,
	.gone = on_gone,
	.drained = on_drained,
};

static void read_address(const struct sockaddr *peer, char out[HTTP_ADDRESS_SIZE])
{
	const void *bytes =
		peer->sa_family == AF_INET6
			? (const void *)&(
				  (const struct sockaddr_in6 *)(const void *)peer)
				  ->sin6_addr
			: (const void *)&(
				  (const struct sockaddr_in *)(const void *)peer)
				  ->sin_addr;

	if (inet_ntop(peer->sa_family, bytes, out, HTTP_ADDRESS_SIZE) == NULL)
		out[0] = '\0';
}

/* idle connections give way; false: there is no room */
static bool has_room(struct http_server *server, const char *address)
{
	struct http_shared *shared = &server->shared;
	const struct http_limits *limits = &shared->limits;

	if (limits->connections_per_address > 0 &&
	    !forwarded_trusts(server->config.proxies, address) &&
	    http_conn_count_address(shared, address) >=
		    limits->connections_per_address) {
		shared->stats.refused_address++;
		return false;
	}
	if (shared->stats.open < limits->connections || http_conn_free_idle(shared))
		return true;
	shared->stats.refused_total++;
	return false;
}

/* best effort: the client may be told why, but never waited for */
static void turn_away(const struct http_server *server, int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
				     "Retry-After: 1\r\nContent-Length: 0\r\n"
				     "Connection: close\r\n\r\n";

	if (server->config.tls == NULL)
		(void)send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)close(fd); /* nothing can be done */
}

/* An answer of more than one segment would wait for the client's delayed
 * acknowledgment, 40 ms. */
static void send_at_once(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		log_debug("http", "no TCP_NODELAY");
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *peer, int peer_len, void *context)
{
	struct http_server *server = context;
	struct bufferevent *stream = NULL;
	char address[HTTP_ADDRESS_SIZE];

	(void)listener; /* the server's */
	(void)peer_len; /* the family says it */
	read_address(peer, address);
	if (!has_room(server, address)) {
		turn_away(server, fd);
		return;
	}
	send_at_once(fd);
	stream = server->config.tls == NULL
			 ? bufferevent_socket_new(server->config.base, fd,
						  BEV_OPT_CLOSE_ON_FREE |
							  BEV_OPT_DEFER_CALLBACKS)
			 : http_tls_accept(server->config.tls, server->config.base, fd);
	if (stream == NULL)
		(void)close(fd); /* out of memory: the client may come again */
	else
		http_conn_new(&server->shared, stream, address);
}

static void on_pause_over(evutil_socket_t fd, short what, void *context)
{
	struct http_server *server = context;

	(void)fd;   /* none */
	(void)what; /* the time is over */
	if (!server->shared.draining)
		(void)evconnlistener_enable(server->listener); /* else the next pause */
}

/* out of descriptors: the socket stays readable, and would be tried without end */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
	struct http_server *server = context;
	const struct timeval pause = { .tv_usec = ACCEPT_PAUSE_US };
	struct error error = { 0 };

	(void)error_set_errno(&error, "accept"); /* to be told, not returned */
	log_warn("http", "%s", error.text);
	(void)evconnlistener_disable(listener); /* cannot fail */
	(void)event_add(server->pause, &pause); /* cannot fail: it was made */
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

static socklen_t fill_address(const struct http_config *config,
			      struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	*out = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, config->address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(config->port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, config->address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(config->port);
		return sizeof(*six);
	}
	return 0;
}

static int start(struct http_server *server, struct error *error)
{
	const struct http_config *config = &server->config;
	struct sockaddr_storage address = { 0 };
	socklen_t len = fill_address(config, &address);

	if (len == 0)
		return error_set(error, "http %s: not a numeric address",
				 config->address);
	server->pause = evtimer_new(config->base, on_pause_over, server);
	errno = 0;
	server->listener = evconnlistener_new_bind(
		config->base, on_accept, server,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
		BACKLOG, (const struct sockaddr *)&address, (int)len);
	if (server->listener == NULL)
		return error_set_errno(error, "http.listen %s port %u", config->address,
				       config->port);
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return 0;
}

int http_server_new(const struct http_config *config, struct http_server **out,
		    struct error *error)
{
	struct http_server *server = mem_calloc(1, sizeof(*server));

	check_routes(&config->routes);
	server->config = *config;
	server->shared = (struct http_shared){ .base = config->base,
					       .limits = config->limits,
					       .ops = &conn_ops,
					       .owner = server };
	randombytes_buf(&server->shared.address_seed,
			sizeof(server->shared.address_seed));
	server->requests.coalescer = coalescer_new(server->shared.address_seed);
	if (start(server, error) != 0) {
		http_server_free(&server);
		return -1;
	}
	server->config.address = NULL; /* not ours beyond this call */
	*out = server;
	return 0;
}

void http_server_drain(struct http_server *server)
{
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	server->listener = NULL;
	http_conn_drain(&server->shared);
}

void http_server_free(struct http_server **server_ptr)
{
	struct http_server *server = *server_ptr;

	if (server == NULL)
		return;
	coalescer_free(&server->requests.coalescer);
	request_list_cancel(&server->requests);
	while (server->shared.first != NULL)
		http_conn_free(server->shared.first);
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	if (server->pause != NULL)
		event_free(server->pause);
	table_deinit(&server->shared.addresses);
	mem_free(server);
	*server_ptr = NULL;
}

const struct request_stats *http_server_stats(const struct http_server *server)
{
	return &server->requests.stats;
}

const struct http_conn_stats *http_server_conn_stats(const struct http_server *server)
{
	return &server->shared.stats;
}
