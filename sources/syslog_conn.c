/* syslog_conn.c - socket to framer to intake
 *
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
#include "sources/syslog_frame.h"

struct syslog_conn {
	struct syslog_shared *shared;
	struct syslog_conn *next; /* the listener's list */
	int fd;
	struct event *event; /* NULL: closed */
	struct syslog_framer framer;
	struct syslog_intake *intake;
};

static int add_event(struct syslog_conn *conn)
{
	struct timeval idle = { .tv_sec = (time_t)conn->shared->idle_timeout_s };

	return event_add(conn->event, idle.tv_sec > 0 ? &idle : NULL);
}

static void count_frames(struct syslog_conn *conn, size_t frames)
{
	struct source_stats *stats = &conn->shared->target.source->stats;
	struct syslog_framer *framer = &conn->framer;

	atomic_fetch_add(&stats->received_frames, frames);
	atomic_fetch_add(&stats->truncated_frames, framer->truncated_frames);
	atomic_fetch_add(&stats->skipped_bytes, framer->dropped_bytes);
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
	(void)close(conn->fd); /* nothing is written to it */
	if (syslog_framer_finish(&conn->framer, &frame)) {
		syslog_intake_add(conn->intake, frame);
		/* nobody reads on: what is not ready yet is the intake's matter */
		(void)syslog_intake_submit(conn->intake);
		count_frames(conn, 1);
	}
	syslog_intake_finish(&conn->intake);
	conn->shared->closed(conn->shared->context, conn);
}

static void on_ready(void *context)
{
	struct syslog_conn *conn = context;

	if (add_event(conn) == 0)
		return;
	log_error("syslog", "event_add failed source=%s",
		  conn->shared->target.source->name);
	syslog_conn_close(conn);
}

static void take_bytes(struct syslog_conn *conn, struct slice bytes)
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
	if (!syslog_intake_submit(conn->intake))
		(void)event_del(conn->event); /* fails only if it was not added */
}

static void read_some(struct syslog_conn *conn)
{
	ssize_t n = recv(conn->fd, conn->shared->buffer, conn->shared->buffer_bytes, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* a reset ends a stream like an orderly close does */
	if (n <= 0)
		syslog_conn_close(conn);
	else
		take_bytes(conn, slice_of(conn->shared->buffer, (size_t)n));
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct syslog_conn *conn = context;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		syslog_conn_close(conn);
	else
		read_some(conn);
}

struct syslog_conn *syslog_conn_new(struct syslog_shared *shared, int fd)
{
	struct syslog_conn *conn = mem_calloc(1, sizeof(*conn));

	conn->shared = shared;
	conn->fd = fd;
	conn->framer.frame_bytes_max = shared->frame_bytes_max;
	conn->event =
		event_new(shared->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	if (conn->event == NULL || add_event(conn) < 0) {
		if (conn->event != NULL)
			event_free(conn->event);
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

struct syslog_conn **syslog_conn_next(struct syslog_conn *conn)
{
	return &conn->next;
}
