/* syslog_stream.c - the listener and its connections */
#include "sources/syslog_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/table.h"
#include "sources/syslog_canary.h"
#include "sources/syslog_conn.h"

#define BACKLOG 512
/* how long not to accept when descriptors ran out */
#define ACCEPT_PAUSE_S 1
#define FRAME_BYTES_MIN ((size_t)480) /* RFC 5424, 6.1: each receiver takes these */

struct syslog_stream {
	struct source source;
	char *name;
	char *listen;
	char *path;
	mode_t mode;
	unsigned connections_max;
	unsigned connections_per_address_max;
	struct syslog_shared shared;
	struct syslog_canary *canary;
	unsigned canary_ms;
	struct syslog_socket socket;
	struct evconnlistener *listener;
	struct event *resume; /* after an accept that failed */
	struct syslog_conn *conns;
	struct table peers; /* hash of an address -> its connections; 1 and more */
	unsigned open;
	bool full; /* connections_max is reached, and that was logged */
};

static struct syslog_stream *stream_of(struct source *source)
{
	return (struct syslog_stream *)source;
}

struct syslog_stream_config syslog_stream_defaults(void)
{
	return (struct syslog_stream_config){
		.name = "syslog_tcp",
		.address = { .listen = "127.0.0.1:5514" },
		.connections_max = 1024,
		.idle_timeout_s = 3600,
		.handshake_timeout_s = 10,
		.frame_bytes_max = (size_t)256 * 1024,
		.unsynced_bytes_max = (size_t)4 * 1024 * 1024,
		.read_bytes = (size_t)256 * 1024,
	};
}

static void accept_or_not(struct syslog_stream *stream)
{
	bool full = stream->open >= stream->connections_max;

	if (stream->listener == NULL)
		return;
	if (full && !stream->full)
		log_warn(stream->source.ops->type,
			 "connections_max is reached: new ones wait "
			 "source=%s connections_max=%u",
			 stream->source.name, stream->connections_max);
	stream->full = full;
	if (full)
		(void)evconnlistener_disable(stream->listener); /* tried again */
	else
		(void)evconnlistener_enable(stream->listener); /* at the next close */
}

/* nobody who chooses addresses knows the stamp */
static uint64_t peer_key(const struct syslog_stream *stream,
			 const struct in6_addr *peer)
{
	return hash64(slice_of((const char *)peer->s6_addr, sizeof(peer->s6_addr)),
		      stream->shared.target.stamp);
}

static void count_peer(struct syslog_stream *stream, struct syslog_conn *conn,
		       const struct in6_addr *peer)
{
	*syslog_conn_peer(conn) = *peer;
	++*table_put(&stream->peers, peer_key(stream, peer), NULL);
}

static void discount_peer(struct syslog_stream *stream, struct syslog_conn *conn)
{
	uint64_t key = peer_key(stream, syslog_conn_peer(conn));
	uint64_t *count = table_get(&stream->peers, key);

	if (--*count == 0)
		(void)table_remove(&stream->peers, key); /* it is there */
}

static void on_closed(void *context, struct syslog_conn *conn)
{
	struct syslog_stream *stream = context;

	syslog_conn_unlink(conn);
	discount_peer(stream, conn);
	syslog_conn_free(&conn);
	stream->open--;
	atomic_fetch_sub(&stream->source.stats.open_streams, 1);
	accept_or_not(stream);
}

static struct in6_addr peer_of(const struct sockaddr *address)
{
	struct in6_addr peer = IN6ADDR_ANY_INIT;
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		peer = v6.sin6_addr;
	} else if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		memset(&peer.s6_addr[10], 0xff, 2);
		memcpy(&peer.s6_addr[12], &v4.sin_addr, sizeof(v4.sin_addr));
	}
	return peer;
}

static bool has_too_many(const struct syslog_stream *stream,
			 const struct in6_addr *peer)
{
	const uint64_t *count = NULL;

	/* those of a unix socket have no address */
	if (stream->connections_per_address_max == 0 || stream->path != NULL)
		return false;
	count = table_get(&stream->peers, peer_key(stream, peer));
	return count != NULL && *count >= stream->connections_per_address_max;
}

static void tell_refused(struct syslog_stream *stream, const struct in6_addr *peer)
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(AF_INET6, peer, text, sizeof(text)); /* it fits */
	log_warn(stream->source.ops->type,
		 "connections_per_address_max is reached: refused source=%s peer=%s",
		 stream->source.name, text);
	atomic_fetch_add(&stream->source.stats.errors, 1);
}

/* until its header is there, a connection counts for the proxy, which has no limit */
static bool on_named(void *context, struct syslog_conn *conn,
		     const struct in6_addr *peer)
{
	struct syslog_stream *stream = context;

	if (has_too_many(stream, peer)) {
		tell_refused(stream, peer);
		return false;
	}
	discount_peer(stream, conn);
	count_peer(stream, conn, peer);
	return true;
}

static void accepted(struct syslog_stream *stream, const struct sockaddr *address,
		     int fd)
{
	struct in6_addr peer = peer_of(address);
	struct syslog_conn *conn = NULL;
	int on = 1;

	if (!stream->shared.proxy_protocol && has_too_many(stream, &peer)) {
		tell_refused(stream, &peer);
		(void)close(fd); /* nothing was read */
		return;
	}
	/* a comfort only: a sender that vanished is noticed before the idle timeout */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	conn = syslog_conn_new(&stream->shared, fd);
	if (conn == NULL) {
		atomic_fetch_add(&stream->source.stats.errors, 1);
		return;
	}
	count_peer(stream, conn, &peer);
	syslog_conn_link(conn, &stream->conns);
	stream->open++;
	atomic_fetch_add(&stream->source.stats.open_streams, 1);
	accept_or_not(stream);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *address, int len, void *context)
{
	(void)listener;
	(void)len; /* the family says as much */
	accepted(context, address, fd);
}

static void accept_failed(struct syslog_stream *stream)
{
	struct timeval pause = { .tv_sec = ACCEPT_PAUSE_S };
	struct error error;

	(void)error_set_errno(&error, "accept"); /* for its text */
	log_warn(stream->source.ops->type, "%s source=%s", error.text,
		 stream->source.name);
	atomic_fetch_add(&stream->source.stats.errors, 1);
	/* the socket stays readable: without a pause this would spin */
	if (event_add(stream->resume, &pause) == 0)
		(void)evconnlistener_disable(stream->listener); /* spins at worst */
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

static int listen_on(struct syslog_stream *stream, struct error *error)
{
	const struct syslog_address address = { .listen = stream->listen,
						.path = stream->path,
						.mode = stream->mode };

	if (syslog_socket_open(&address, SOCK_STREAM, &stream->socket, error) < 0)
		return -1;
	errno = 0;
	stream->listener =
		evconnlistener_new(stream->shared.base, on_accept, stream,
				   LEV_OPT_CLOSE_ON_EXEC, BACKLOG, stream->socket.fd);
	if (stream->listener == NULL)
		return error_set_errno(error, "listen %s",
				       stream->path != NULL ? stream->path
							    : stream->listen);
	evconnlistener_set_error_cb(stream->listener, on_accept_failed);
	return 0;
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct syslog_stream *stream = stream_of(source);

	(void)positions; /* the spool has them */
	stream->resume = evtimer_new(stream->shared.base, on_resume, stream);
	if (stream->resume == NULL)
		return error_set(error, "%s %s: event_new failed", source->ops->type,
				 source->name);
	if (listen_on(stream, error) < 0)
		return error_prefix(error, "%s %s", source->ops->type, source->name);
	return syslog_canary_new(stream->shared.base, &stream->shared.target,
				 stream->canary_ms, &stream->canary, error);
}

static void stop(struct source *source)
{
	struct syslog_stream *stream = stream_of(source);

	if (stream->listener != NULL)
		evconnlistener_free(stream->listener);
	stream->listener = NULL;
	if (stream->resume != NULL)
		event_free(stream->resume);
	stream->resume = NULL;
	syslog_canary_free(&stream->canary);
	syslog_socket_close(&stream->socket);
	while (stream->conns != NULL)
		syslog_conn_close(stream->conns); /* and out of the list */
}

static void free_stream(struct source **source)
{
	struct syslog_stream *stream = NULL;

	if (*source == NULL)
		return;
	stop(*source);
	stream = stream_of(*source);
	syslog_target_deinit(&stream->shared.target);
	syslog_tls_free(&stream->shared.tls);
	table_deinit(&stream->peers);
	mem_free(stream->shared.buffer);
	mem_free(stream->name);
	mem_free(stream->listen);
	mem_free(stream->path);
	mem_free(stream);
	*source = NULL;
}

static int reload(struct source *source, struct error *error)
{
	struct syslog_stream *stream = stream_of(source);

	return stream->shared.tls == NULL
		       ? 0
		       : syslog_tls_reload(stream->shared.tls, error);
}

static const struct source_ops tcp_ops = {
	.type = "syslog_tcp",
	.start = start,
	.stop = stop,
	.committed = syslog_no_commit,
	.rewind = syslog_no_rewind,
	.free = free_stream,
	.reload = reload,
};

static const struct source_ops unix_ops = {
	.type = "syslog_unix",
	.start = start,
	.stop = stop,
	.committed = syslog_no_commit,
	.rewind = syslog_no_rewind,
	.free = free_stream,
};

static size_t at_least(size_t value, size_t min)
{
	return value < min ? min : value;
}

struct source *syslog_stream_new(struct event_base *base, struct spool *spool,
				 const struct syslog_stream_config *config)
{
	struct syslog_stream *stream = mem_calloc(1, sizeof(*stream));
	const struct syslog_address *address = &config->address;

	stream->name = mem_strdup(config->name);
	if (address->path != NULL)
		stream->path = mem_strdup(address->path);
	else
		stream->listen = mem_strdup(address->listen);
	stream->mode = address->mode;
	stream->socket = SYSLOG_SOCKET_NONE;
	stream->connections_max = config->connections_max;
	stream->canary_ms = config->canary_ms;
	stream->connections_per_address_max = config->connections_per_address_max;
	stream->source.ops = address->path != NULL ? &unix_ops : &tcp_ops;
	stream->source.name = stream->name;
	stream->source.project_id = config->project_id;
	stream->source.ingestion_id = config->ingestion_id;
	stream->shared = (struct syslog_shared){
		.base = base,
		.target = {
			.spool = spool,
			.source = &stream->source,
			.stamp = hash64(slice_str(config->name),
					(uint64_t)clock_now_us()),
			.project_id = config->project_id,
			.ingestion_id = config->ingestion_id,
			.unsynced_bytes_max = config->unsynced_bytes_max,
		},
		.frame_bytes_max = at_least(config->frame_bytes_max, FRAME_BYTES_MIN),
		.idle_timeout_s = config->idle_timeout_s,
		.tls = config->tls,
		.handshake_timeout_s = config->handshake_timeout_s,
		.proxy_protocol = config->proxy_protocol,
		.buffer_bytes = at_least(config->read_bytes, 1),
		.closed = on_closed,
		.named = on_named,
		.context = stream,
	};
	stream->shared.buffer = mem_alloc(stream->shared.buffer_bytes);
	return &stream->source;
}

unsigned syslog_stream_port(struct source *source)
{
	return syslog_socket_port(&stream_of(source)->socket);
}
