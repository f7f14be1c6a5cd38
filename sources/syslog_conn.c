/* syslog_conn.c - socket to framer to spool, and back-pressure the other way
 *
 *   READING -- too much not durable --> SYNCING -- durable --> READING
 *           -- spool is full ---------> HOLDING -- room -----> READING
 *   any     -- end, error, idle ------> CLOSED, freed when no callback is due
 *
 * The frames of one read become one append. While HOLDING, the frames that the spool
 * refused are kept in `held`: at most one buffer and one open frame.
 */
#include "sources/syslog_conn.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/syslog_frame.h"

/* Connections share substreams: nothing of a whole record is kept from one to the next,
 * so no more are needed than spread well over the spool's partitions, and no substream
 * has to be ended. One connection stays in one, hence its order holds. */
#define SUBSTREAMS 32

enum conn_state { CONN_READING, CONN_SYNCING, CONN_HOLDING, CONN_CLOSED };

struct held_frame {
	size_t offset;
	size_t len;
};

struct syslog_conn {
	struct syslog_shared *shared;
	struct syslog_conn *next; /* the listener's list */
	enum conn_state state;
	int fd;
	struct event *event;
	struct syslog_framer framer;
	uint64_t substream;
	size_t unsynced_bytes;
	size_t callbacks; /* that will come */
	struct buf held;
	struct held_frame *held_frames;
	size_t held_count;
	size_t held_capacity;
};

/* one append on its way */
struct flight {
	struct syslog_conn *conn;
	size_t bytes;
};

static void on_readable(evutil_socket_t fd, short what, void *context);

static int add_event(struct syslog_conn *conn)
{
	struct timeval idle = { .tv_sec = (time_t)conn->shared->idle_timeout_s };

	return event_add(conn->event, idle.tv_sec > 0 ? &idle : NULL);
}

static void resume(struct syslog_conn *conn)
{
	conn->state = CONN_READING;
	if (add_event(conn) < 0) {
		log_error("syslog_tcp", "event_add failed source=%s",
			  conn->shared->source->name);
		syslog_conn_close(conn);
	}
}

static void pause_in(struct syslog_conn *conn, enum conn_state state)
{
	if (conn->state == CONN_CLOSED)
		return;
	conn->state = state;
	(void)event_del(conn->event); /* fails only if it was not added */
}

struct syslog_conn *syslog_conn_new(struct syslog_shared *shared, int fd)
{
	static uint64_t number;
	struct syslog_conn *conn = mem_calloc(1, sizeof(*conn));

	conn->shared = shared;
	conn->fd = fd;
	conn->framer.frame_bytes_max = shared->frame_bytes_max;
	conn->substream = hash64_mix(shared->stamp, number++ % SUBSTREAMS);
	conn->event =
		event_new(shared->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	if (conn->event == NULL || add_event(conn) < 0) {
		if (conn->event != NULL)
			event_free(conn->event);
		(void)close(fd); /* nothing was read */
		mem_free(conn);
		return NULL;
	}
	return conn;
}

static void count_loss(struct syslog_conn *conn, size_t bytes, const char *why)
{
	struct source *source = conn->shared->source;

	log_error("syslog_tcp", "lost: %s source=%s bytes=%zu", why, source->name,
		  bytes);
	atomic_fetch_add(&source->stats.errors, 1);
	atomic_fetch_add(&source->stats.skipped_bytes, bytes);
}

static void free_conn(struct syslog_conn *conn)
{
	syslog_framer_deinit(&conn->framer);
	buf_deinit(&conn->held);
	mem_free(conn->held_frames);
	mem_free(conn);
}

void syslog_conn_free(struct syslog_conn **conn_ptr)
{
	struct syslog_conn *conn = *conn_ptr;

	if (conn == NULL)
		return;
	if (conn->held_count > 0)
		count_loss(conn, conn->held.len, "no room before the stop");
	conn->shared = NULL;
	if (conn->callbacks == 0)
		free_conn(conn);
	*conn_ptr = NULL;
}

struct syslog_conn **syslog_conn_next(struct syslog_conn *conn)
{
	return &conn->next;
}

/* the last thing to be called: conn may be gone afterwards */
static void end_callback(struct syslog_conn *conn)
{
	conn->callbacks--;
	if (conn->state == CONN_CLOSED && conn->callbacks == 0)
		conn->shared->drained(conn->shared->context, conn);
}

/* true: freed before the spool was done with it; conn may be gone afterwards */
static bool is_orphan(struct syslog_conn *conn)
{
	if (conn->shared != NULL)
		return false;
	if (--conn->callbacks == 0)
		free_conn(conn);
	return true;
}

static void on_durable(void *context, const struct error *error)
{
	struct flight *flight = context;
	struct syslog_conn *conn = flight->conn;

	if (is_orphan(conn)) {
		mem_free(flight);
		return;
	}
	conn->unsynced_bytes -= flight->bytes;
	if (error != NULL)
		count_loss(conn, flight->bytes, error->text);
	mem_free(flight);
	if (conn->state == CONN_SYNCING &&
	    conn->unsynced_bytes <= conn->shared->unsynced_bytes_max / 2)
		resume(conn);
	end_callback(conn);
}

static void hold(struct syslog_conn *conn, const struct spool_entry *entries,
		 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_grow(&conn->held_frames, &conn->held_capacity, conn->held_count,
			 sizeof(*conn->held_frames));
		conn->held_frames[conn->held_count++] =
			(struct held_frame){ conn->held.len, entries[i].bytes.len };
		buf_append_slice(&conn->held, entries[i].bytes);
	}
}

/* false: the spool has no room */
static bool append(struct syslog_conn *conn, const struct spool_entry *entries,
		   size_t count)
{
	struct flight *flight = mem_alloc(sizeof(*flight));

	*flight = (struct flight){ .conn = conn };
	for (size_t i = 0; i < count; i++)
		flight->bytes += entries[i].bytes.len;
	if (!spool_append(conn->shared->spool, entries, count, on_durable, flight)) {
		mem_free(flight);
		return false;
	}
	conn->callbacks++;
	conn->unsynced_bytes += flight->bytes;
	return true;
}

static struct spool_entry entry_of(const struct syslog_conn *conn, struct slice frame)
{
	return (struct spool_entry){
		.project_id = conn->shared->project_id,
		.ingestion_id = conn->shared->ingestion_id,
		.substream = conn->substream,
		.observed_timestamp_us = clock_now_us(),
		.whole_record = true,
		.bytes = frame,
	};
}

static void add_entry(struct syslog_conn *conn, size_t *count, struct slice frame)
{
	struct syslog_shared *shared = conn->shared;

	mem_grow(&shared->entries, &shared->entries_capacity, *count,
		 sizeof(*shared->entries));
	shared->entries[(*count)++] = entry_of(conn, frame);
}

static void on_room(void *context, const struct error *error)
{
	struct syslog_conn *conn = context;
	size_t count = 0;

	(void)error; /* room is never refused */
	if (is_orphan(conn))
		return;
	for (size_t i = 0; i < conn->held_count; i++)
		add_entry(conn, &count,
			  slice_of(conn->held.data + conn->held_frames[i].offset,
				   conn->held_frames[i].len));
	if (!append(conn, conn->shared->entries, count)) {
		spool_wait_room(conn->shared->spool, on_room, conn);
		return;
	}
	conn->held_count = 0;
	buf_clear(&conn->held);
	if (conn->state == CONN_HOLDING)
		resume(conn);
	end_callback(conn);
}

static void submit(struct syslog_conn *conn, const struct spool_entry *entries,
		   size_t count)
{
	if (count == 0)
		return;
	if (conn->held_count > 0) {
		hold(conn, entries, count);
	} else if (!append(conn, entries, count)) {
		hold(conn, entries, count);
		conn->callbacks++;
		spool_wait_room(conn->shared->spool, on_room, conn);
		pause_in(conn, CONN_HOLDING);
	} else if (conn->unsynced_bytes > conn->shared->unsynced_bytes_max) {
		pause_in(conn, CONN_SYNCING);
	}
}

static void count_frames(struct syslog_conn *conn, size_t frames)
{
	struct source_stats *stats = &conn->shared->source->stats;
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

	if (conn->state == CONN_CLOSED)
		return;
	event_free(conn->event);
	conn->event = NULL;
	(void)close(conn->fd); /* nothing is written to it */
	conn->state = CONN_CLOSED;
	if (syslog_framer_finish(&conn->framer, &frame)) {
		struct spool_entry entry = entry_of(conn, frame);

		submit(conn, &entry, 1);
		count_frames(conn, 1);
	}
	conn->callbacks++;
	conn->shared->closed(conn->shared->context, conn);
	end_callback(conn);
}

static void take_bytes(struct syslog_conn *conn, struct slice bytes)
{
	struct slice frame = { 0 };
	size_t count = 0;

	atomic_fetch_add(&conn->shared->source->stats.received_bytes, bytes.len);
	syslog_framer_feed(&conn->framer, bytes);
	while (syslog_framer_next(&conn->framer, &frame))
		add_entry(conn, &count, frame);
	count_frames(conn, count);
	submit(conn, conn->shared->entries, count);
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
