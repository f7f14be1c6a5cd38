/* syslog_tcp.c - the listener and its connections */
#include "sources/syslog_tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/syslog_conn.h"

#define BACKLOG 512
/* how long not to accept when descriptors ran out */
#define ACCEPT_PAUSE_S 1
#define FRAME_BYTES_MIN ((size_t)480) /* RFC 5424, 6.1: each receiver takes these */

struct syslog_tcp {
	struct source source;
	char *name;
	char *listen;
	unsigned connections_max;
	struct syslog_shared shared;
	struct evconnlistener *listener;
	struct event *resume; /* after an accept that failed */
	struct syslog_conn *conns;
	unsigned open;
	bool full; /* connections_max is reached, and that was logged */
};

static struct syslog_tcp *tcp_of(struct source *source)
{
	return (struct syslog_tcp *)source;
}

struct syslog_tcp_config syslog_tcp_defaults(void)
{
	return (struct syslog_tcp_config){
		.name = "syslog_tcp",
		.listen = "127.0.0.1:1514",
		.connections_max = 1024,
		.idle_timeout_s = 3600,
		.frame_bytes_max = (size_t)256 * 1024,
		.unsynced_bytes_max = (size_t)4 * 1024 * 1024,
		.read_bytes = (size_t)256 * 1024,
	};
}

static void accept_or_not(struct syslog_tcp *tcp)
{
	bool full = tcp->open >= tcp->connections_max;

	if (tcp->listener == NULL)
		return;
	if (full && !tcp->full)
		log_warn("syslog_tcp",
			 "connections_max is reached: new ones wait "
			 "source=%s connections_max=%u",
			 tcp->source.name, tcp->connections_max);
	tcp->full = full;
	if (full)
		(void)evconnlistener_disable(tcp->listener); /* tried again */
	else
		(void)evconnlistener_enable(tcp->listener); /* at the next close */
}

static void on_closed(void *context, struct syslog_conn *conn)
{
	struct syslog_tcp *tcp = context;

	(void)conn;
	tcp->open--;
	atomic_fetch_sub(&tcp->source.stats.open_streams, 1);
	accept_or_not(tcp);
}

static void on_drained(void *context, struct syslog_conn *conn)
{
	struct syslog_tcp *tcp = context;
	struct syslog_conn **place = &tcp->conns;

	while (*place != conn)
		place = syslog_conn_next(*place);
	*place = *syslog_conn_next(conn);
	syslog_conn_free(&conn);
}

static void accepted(struct syslog_tcp *tcp, int fd)
{
	struct syslog_conn *conn = NULL;
	int on = 1;

	/* a comfort only: a sender that vanished is noticed before the idle timeout */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	conn = syslog_conn_new(&tcp->shared, fd);
	if (conn == NULL) {
		atomic_fetch_add(&tcp->source.stats.errors, 1);
		return;
	}
	*syslog_conn_next(conn) = tcp->conns;
	tcp->conns = conn;
	tcp->open++;
	atomic_fetch_add(&tcp->source.stats.open_streams, 1);
	accept_or_not(tcp);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *address, int len, void *context)
{
	(void)listener;
	(void)address;
	(void)len;
	accepted(context, fd);
}

static void accept_failed(struct syslog_tcp *tcp)
{
	struct timeval pause = { .tv_sec = ACCEPT_PAUSE_S };
	struct error error;

	(void)error_set_errno(&error, "accept"); /* for its text */
	log_warn("syslog_tcp", "%s source=%s", error.text, tcp->source.name);
	atomic_fetch_add(&tcp->source.stats.errors, 1);
	/* the socket stays readable: without a pause this would spin */
	if (event_add(tcp->resume, &pause) == 0)
		(void)evconnlistener_disable(tcp->listener); /* spins at worst */
}

static void on_accept_failed(struct evconnlistener *listener, void *context)
{
	(void)listener;
	accept_failed(context);
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	accept_or_not(context);
}

/* "127.0.0.1:514", "[::]:514"; numbers only: a name would block the loop */
static struct addrinfo *parse_listen(const char *listen)
{
	struct addrinfo hints = { .ai_flags =
					  AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(listen, ':');
	struct addrinfo *found = NULL;
	struct slice host = { 0 };
	char *text = NULL;

	if (colon == NULL)
		return NULL;
	host = slice_of(listen, (size_t)(colon - listen));
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = slice_of(host.ptr + 1, host.len - 2);
	text = mem_slice_dup(host);
	if (getaddrinfo(text, colon + 1, &hints, &found) != 0)
		found = NULL;
	mem_free(text);
	return found;
}

static int listen_on(struct syslog_tcp *tcp, struct error *error)
{
	struct addrinfo *address = parse_listen(tcp->listen);

	if (address == NULL)
		return error_set(error, "listen %s: not an address and a port",
				 tcp->listen);
	errno = 0;
	tcp->listener = evconnlistener_new_bind(
		tcp->shared.base, on_accept, tcp,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
		BACKLOG, address->ai_addr, (int)address->ai_addrlen);
	freeaddrinfo(address);
	if (tcp->listener == NULL)
		return error_set_errno(error, "listen %s", tcp->listen);
	evconnlistener_set_error_cb(tcp->listener, on_accept_failed);
	return 0;
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct syslog_tcp *tcp = tcp_of(source);

	(void)positions; /* the spool has them */
	tcp->resume = evtimer_new(tcp->shared.base, on_resume, tcp);
	if (tcp->resume == NULL)
		return error_set(error, "syslog_tcp %s: event_new failed",
				 source->name);
	if (listen_on(tcp, error) < 0)
		return error_prefix(error, "syslog_tcp %s", source->name);
	return 0;
}

static void stop(struct source *source)
{
	struct syslog_tcp *tcp = tcp_of(source);
	struct syslog_conn *conn = tcp->conns;

	if (tcp->listener != NULL)
		evconnlistener_free(tcp->listener);
	tcp->listener = NULL;
	if (tcp->resume != NULL)
		event_free(tcp->resume);
	tcp->resume = NULL;
	while (conn != NULL) {
		struct syslog_conn *next = *syslog_conn_next(conn);

		syslog_conn_close(conn);
		conn = next;
	}
}

/* nothing of it is committed, or read again, by itself: the spool's streams are */
static void committed(struct source *source, uint64_t stream, struct position position)
{
	(void)source;
	(void)stream;
	(void)position;
}

static void rewind_to(struct source *source, const struct stored_positions *positions)
{
	(void)source;
	(void)positions;
}

static void free_tcp(struct source **source)
{
	struct syslog_tcp *tcp = NULL;

	if (*source == NULL)
		return;
	stop(*source);
	tcp = tcp_of(*source);
	while (tcp->conns != NULL) {
		struct syslog_conn *conn = tcp->conns;

		tcp->conns = *syslog_conn_next(conn);
		syslog_conn_free(&conn);
	}
	mem_free(tcp->shared.buffer);
	mem_free(tcp->shared.entries);
	mem_free(tcp->name);
	mem_free(tcp->listen);
	mem_free(tcp);
	*source = NULL;
}

static const struct source_ops syslog_tcp_ops = {
	.type = "syslog_tcp",
	.start = start,
	.stop = stop,
	.committed = committed,
	.rewind = rewind_to,
	.free = free_tcp,
};

static size_t at_least(size_t value, size_t min)
{
	return value < min ? min : value;
}

struct source *syslog_tcp_new(struct event_base *base, struct spool *spool,
			      const struct syslog_tcp_config *config)
{
	struct syslog_tcp *tcp = mem_calloc(1, sizeof(*tcp));

	tcp->name = mem_strdup(config->name);
	tcp->listen = mem_strdup(config->listen);
	tcp->connections_max = config->connections_max;
	tcp->source.ops = &syslog_tcp_ops;
	tcp->source.name = tcp->name;
	tcp->shared = (struct syslog_shared){
		.base = base,
		.spool = spool,
		.source = &tcp->source,
		.stamp = hash64(slice_str(config->name), (uint64_t)clock_now_us()),
		.project_id = config->project_id,
		.ingestion_id = config->ingestion_id,
		.frame_bytes_max = at_least(config->frame_bytes_max, FRAME_BYTES_MIN),
		.unsynced_bytes_max = config->unsynced_bytes_max,
		.idle_timeout_s = config->idle_timeout_s,
		.buffer_bytes = at_least(config->read_bytes, 1),
		.closed = on_closed,
		.drained = on_drained,
		.context = tcp,
	};
	tcp->shared.buffer = mem_alloc(tcp->shared.buffer_bytes);
	return &tcp->source;
}

unsigned syslog_tcp_port(struct source *source)
{
	struct syslog_tcp *tcp = tcp_of(source);
	struct sockaddr_in6 address = { 0 }; /* the larger of the two families */
	socklen_t len = sizeof(address);
	int fd = tcp->listener == NULL ? -1 : evconnlistener_get_fd(tcp->listener);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return 0;
	/* the port lies at the same place in both */
	return ntohs(address.sin6_port);
}
