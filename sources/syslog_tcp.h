/* syslog_tcp.h - listens for syslog over TCP and appends every frame to the spool
 *
 * Threads: the loop thread. Owner: the wiring, by ops->free; the configuration is
 *          copied. Ended before the spool is closed: ops->stop, ops->free.
 * Limits: syslog_tcp_config. At connections_max no more are accepted until one ends;
 *         those that wait are in the kernel's queue.
 *
 * As a source it has no positions of its own: what it received is replayed by the
 * spool.
 */
#ifndef SIFTD_SOURCES_SYSLOG_TCP_H
#define SIFTD_SOURCES_SYSLOG_TCP_H

#include <event2/event.h>
#include <stdint.h>

#include "sources/port.h"
#include "sources/spool.h"

struct syslog_tcp_config {
	const char *name;
	const char *listen; /* "127.0.0.1:1514", "[::]:514" */
	int64_t project_id;
	int64_t ingestion_id;
	unsigned connections_max;
	unsigned idle_timeout_s; /* 0: none */
	size_t frame_bytes_max;
	size_t unsynced_bytes_max; /* of one connection */
	size_t read_bytes;         /* of one read */
};

struct syslog_tcp_config syslog_tcp_defaults(void);
struct source *syslog_tcp_new(struct event_base *base, struct spool *spool,
			      const struct syslog_tcp_config *config);
/* that it listens on, after start; for listen addresses with port 0 */
unsigned syslog_tcp_port(struct source *source);

#endif
