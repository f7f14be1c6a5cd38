/* syslog_conn.c - socket, maybe TLS, to framer to intake
 *
 *   NAMING  -- PROXY header is there -> SHAKING, or READING without TLS
 *   SHAKING -- handshake is done ----> READING
 *   READING -- intake is not ready --> PAUSED -- it is --> READING
 *   any     -- end, error, idle -----> closed
 */
#include "sources/syslog_conn.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "sources/proxy_header.h"
#include "sources/syslog_frame.h"

struct syslog_conn {
	struct syslog_shared *shared;
	struct syslog_conn *next;   /* the listener's list */
	struct syslog_conn **place; /* what points to this one there */
	struct in6_addr peer;
	int fd;
	struct event *event;                /* NULL: closed */
	struct syslog_tls_session *session; /* NULL: plain text */
	struct event *deadline; /* of header and handshake; NULL: both are done */
	char *header;           /* NULL: none is expected, or it is done */
	size_t header_len;
	struct syslog_framer framer;
	struct syslog_intake *intake;
};

static void on_event(evutil_socket_t fd, short what, void *context);

static int add_event(struct syslog_conn *conn)
{
	struct timeval idle = { .tv_sec = (time_t)conn->shared->idle_timeout_s };

	return event_add(conn->event, idle.tv_sec > 0 ? &idle : NULL);
}

/* TLS may have to write before it can read */
static void wait_for(struct syslog_conn *conn, short what)
{
	if ((event_get_events(conn->event) & what) != 0)
		return;
	(void)event_del(conn->event); /* fails only if it was not added */
	if (event_assign(conn->event, conn->shared->base, conn->fd,
			 (short)(what | EV_PERSIST), on_event, conn) < 0 ||
	    add_event(conn) < 0)
		log_error("syslog", "event_add failed source=%s",
			  conn->shared->target.source->name);
}

static void end_deadline(struct syslog_conn *conn)
{
	if (conn->deadline != NULL)
		event_free(conn->deadline);
	conn->deadline = NULL;
}

static void count_frames(struct syslog_conn *conn, size_t frames)
{
	struct source_stats *stats = &conn->shared->target.source->stats;
	struct syslog_framer *framer = &conn->framer;

	atomic_fetch_add(&stats->received_frames, frames);
	atomic_fetch_add(&stats->truncated_frames, framer->truncated_frames);
	atomic_fetch_add(&stats->skipped_bytes, framer->dropped_bytes);
	syslog_intake_lose(conn->intake, DROP_TOO_LARGE, 0, framer->dropped_bytes);
	framer->truncated_frames = 0;
	framer->dropped_bytes = 0;
}

void syslog_conn_close(struct syslog_conn *conn)
{
	struct slice frame = { 0 };

	if (conn->event == NULL)
		return;
	event_free(conn->event);
	conn->event = NULL;
	end_deadline(conn);
	mem_free(conn->header);
	conn->header = NULL;
	syslog_tls_session_free(&conn->session);
	(void)close(conn->fd); /* nothing is written to it */
	if (syslog_framer_finish(&conn->framer, &frame)) {
		syslog_intake_add(conn->intake, frame);
		count_frames(conn, 1);
		/* nobody reads on: what is not ready yet is the intake's matter */
		(void)syslog_intake_submit(conn->intake);
	}
	syslog_intake_finish(&conn->intake);
	conn->shared->closed(conn->shared->context, conn);
}

static void on_ready(void *context)
{
	struct syslog_conn *conn = context;

	if (add_event(conn) == 0) {
		/* what TLS has decrypted already makes no socket readable */
		if (conn->session != NULL)
			event_active(conn->event, EV_READ, 0);
		return;
	}
	log_error("syslog", "event_add failed source=%s",
		  conn->shared->target.source->name);
	syslog_conn_close(conn);
}

/* false: paused */
static bool take_bytes(struct syslog_conn *conn, struct slice bytes)
{
	struct slice frame = { 0 };
	size_t count = 0;

	atomic_fetch_add(&conn->shared->target.source->stats.received_bytes, bytes.len);
	syslog_framer_feed(&conn->framer, bytes);
	while (syslog_framer_next(&conn->framer, &frame)) {
		syslog_intake_add(conn->intake, frame);
		count++;
	}
	count_frames(conn, count);
	if (syslog_intake_submit(conn->intake))
		return true;
	(void)event_del(conn->event); /* fails only if it was not added */
	return false;
}

static void read_plain(struct syslog_conn *conn)
{
	ssize_t n = recv(conn->fd, conn->shared->buffer, conn->shared->buffer_bytes, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* a reset ends a stream like an orderly close does */
	if (n <= 0)
		syslog_conn_close(conn);
	else
		(void)take_bytes(conn, slice_of(conn->shared->buffer, (size_t)n));
}

static void read_tls(struct syslog_conn *conn)
{
	const struct syslog_shared *shared = conn->shared;
	enum syslog_tls_status status = SYSLOG_TLS_OK;
	bool ready = true;
	size_t used = 0;

	/* a TLS record is 16 KB at most; several of them are one append */
	while (status == SYSLOG_TLS_OK && used < shared->buffer_bytes) {
		size_t len = 0;

		status = syslog_tls_read(conn->session, shared->buffer + used,
					 shared->buffer_bytes - used, &len);
		used += len;
	}
	if (used > 0)
		ready = take_bytes(conn, slice_of(shared->buffer, used));
	if (status == SYSLOG_TLS_ENDED)
		syslog_conn_close(conn);
	else if (ready && status == SYSLOG_TLS_OK)
		event_active(conn->event, EV_READ, 0);
	else if (ready)
		wait_for(conn, status == SYSLOG_TLS_WANT_READ ? EV_READ : EV_WRITE);
}

static void handshake_failed(struct syslog_conn *conn, const char *why)
{
	struct source *source = conn->shared->target.source;

	log_warn(source->ops->type, "%s source=%s", why, source->name);
	atomic_fetch_add(&source->stats.errors, 1);
	syslog_conn_close(conn);
}

static void handshake(struct syslog_conn *conn)
{
	struct error error = { 0 };
	enum syslog_tls_status status = syslog_tls_handshake(conn->session, &error);

	if (status == SYSLOG_TLS_ENDED) {
		handshake_failed(conn, error.text);
	} else if (status == SYSLOG_TLS_OK) {
		end_deadline(conn);
		/* the first records may have come with the handshake's end */
		read_tls(conn);
	} else {
		wait_for(conn, status == SYSLOG_TLS_WANT_READ ? EV_READ : EV_WRITE);
	}
}

static void header_failed(struct syslog_conn *conn, const char *why)
{
	struct source *source = conn->shared->target.source;

	log_warn(source->ops->type, "PROXY header: %s source=%s", why, source->name);
	atomic_fetch_add(&source->stats.errors, 1);
	atomic_fetch_add(&source->stats.malformed_headers, 1);
	syslog_conn_close(conn);
}

static void header_done(struct syslog_conn *conn, const struct proxy_client *client)
{
	const struct syslog_shared *shared = conn->shared;

	mem_free(conn->header);
	conn->header = NULL;
	if (conn->session == NULL)
		end_deadline(conn);
	/* without a name the proxy speaks for itself, as for its health checks */
	if (!shared->named(shared->context, conn,
			   client->named ? &client->address : &conn->peer))
		syslog_conn_close(conn);
}

/* takes no byte behind the header, which may be of TLS. What is there of it is taken at
 * once, or a sender that stops in the middle would keep the socket readable */
static void read_header(struct syslog_conn *conn)
{
	struct proxy_client client;
	char *at = conn->header + conn->header_len;
	ssize_t n = recv(conn->fd, at, PROXY_HEADER_MAX - conn->header_len, MSG_PEEK);
	ssize_t len = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		header_failed(conn, "the connection ended before it");
		return;
	}
	len = proxy_header_read(slice_of(conn->header, conn->header_len + (size_t)n),
				&client);
	if (len >= 0)
		n = len - (ssize_t)conn->header_len;
	if (len == PROXY_MALFORMED || recv(conn->fd, at, (size_t)n, 0) != n) {
		header_failed(conn, "malformed");
		return;
	}
	conn->header_len += (size_t)n;
	if (len >= 0)
		header_done(conn, &client);
}

static void close_idle(struct syslog_conn *conn)
{
	atomic_fetch_add(&conn->shared->target.source->stats.timed_out_streams, 1);
	syslog_conn_close(conn);
}

static void turn(struct syslog_conn *conn, short what)
{
	if ((what & EV_TIMEOUT) != 0)
		close_idle(conn);
	else if (conn->header != NULL)
		read_header(conn);
	else if (conn->deadline != NULL)
		handshake(conn);
	else if (conn->session != NULL)
		read_tls(conn);
	else
		read_plain(conn);
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	turn(context, what);
}

static void late(struct syslog_conn *conn)
{
	if (conn->header != NULL)
		header_failed(conn, "not there in time");
	else
		handshake_failed(conn, "TLS handshake: not done in time");
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	late(context);
}

/* false: no memory for it in libevent or OpenSSL */
static bool begin_tls(struct syslog_conn *conn)
{
	conn->session = syslog_tls_session_new(conn->shared->tls, conn->fd);
	return conn->session != NULL;
}

static bool begin_deadline(struct syslog_conn *conn)
{
	struct timeval until = { .tv_sec = (time_t)conn->shared->handshake_timeout_s };

	conn->deadline = evtimer_new(conn->shared->base, on_deadline, conn);
	return conn->deadline != NULL && event_add(conn->deadline, &until) == 0;
}

static bool begin(struct syslog_conn *conn)
{
	conn->event = event_new(conn->shared->base, conn->fd, EV_READ | EV_PERSIST,
				on_event, conn);
	if (conn->event == NULL || add_event(conn) < 0)
		return false;
	if (conn->shared->proxy_protocol)
		conn->header = mem_alloc(PROXY_HEADER_MAX);
	if (conn->shared->tls != NULL && !begin_tls(conn))
		return false;
	return (conn->header == NULL && conn->session == NULL) || begin_deadline(conn);
}

struct syslog_conn *syslog_conn_new(struct syslog_shared *shared, int fd)
{
	struct syslog_conn *conn = mem_calloc(1, sizeof(*conn));

	conn->shared = shared;
	conn->fd = fd;
	conn->framer.frame_bytes_max = shared->frame_bytes_max;
	if (!begin(conn)) {
		if (conn->event != NULL)
			event_free(conn->event);
		end_deadline(conn);
		mem_free(conn->header);
		syslog_tls_session_free(&conn->session);
		(void)close(fd); /* nothing was read */
		mem_free(conn);
		return NULL;
	}
	conn->intake = syslog_intake_new(&shared->target, on_ready, conn);
	return conn;
}

void syslog_conn_free(struct syslog_conn **conn)
{
	if (*conn == NULL)
		return;
	syslog_framer_deinit(&(*conn)->framer);
	mem_free(*conn);
	*conn = NULL;
}

void syslog_conn_link(struct syslog_conn *conn, struct syslog_conn **list)
{
	conn->next = *list;
	conn->place = list;
	if (conn->next != NULL)
		conn->next->place = &conn->next;
	*list = conn;
}

void syslog_conn_unlink(struct syslog_conn *conn)
{
	*conn->place = conn->next;
	if (conn->next != NULL)
		conn->next->place = conn->place;
}

struct in6_addr *syslog_conn_peer(struct syslog_conn *conn)
{
	return &conn->peer;
}
