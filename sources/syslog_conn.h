/* syslog_conn.h - one TCP connection of a syslog sender
 *
 * Threads: the loop thread. Owner: the listener; it frees a connection when `drained`
 *          told that nothing will call back into it any more.
 * Limits: reads one buffer a turn; stops reading while more than unsynced_bytes_max
 *         wait for the spool's fdatasync, or the spool is full.
 */
#ifndef SIFTD_SOURCES_SYSLOG_CONN_H
#define SIFTD_SOURCES_SYSLOG_CONN_H

#include <event2/event.h>
#include <stdint.h>

#include "sources/port.h"
#include "sources/spool.h"

struct syslog_conn;

/* what the connections of one listener have in common */
struct syslog_shared {
	struct event_base *base;
	struct spool *spool;
	struct source *source; /* its name and counters */
	uint64_t stamp;        /* unique over restarts: the spool outlives us */
	int64_t project_id;
	int64_t ingestion_id;
	size_t frame_bytes_max;
	size_t unsynced_bytes_max;
	unsigned idle_timeout_s;
	char *buffer; /* reads go here, one at a time */
	size_t buffer_bytes;
	struct spool_entry *entries; /* of one read */
	size_t entries_capacity;
	/* is called when the socket was closed, once */
	void (*closed)(void *context, struct syslog_conn *conn);
	/* is called when the connection may be freed, once, after `closed` */
	void (*drained)(void *context, struct syslog_conn *conn);
	void *context;
};

/* takes the socket, which does not block, over; NULL: no event could be made */
struct syslog_conn *syslog_conn_new(struct syslog_shared *shared, int fd);
/* what is open is a last frame; `closed` is called, `drained` maybe later */
void syslog_conn_close(struct syslog_conn *conn);
/* of a closed connection; what still waits for room is lost, and counted. The memory
 * stays until the spool has called back about what is on its way */
void syslog_conn_free(struct syslog_conn **conn);
struct syslog_conn **syslog_conn_next(struct syslog_conn *conn);

#endif
