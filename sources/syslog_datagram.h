/* syslog_datagram.h - receives syslog datagrams, UDP (RFC 5426) and unix, and appends
 * each to the spool
 *
 * Threads: the loop thread. Owner: the wiring, by ops->free; the configuration is
 *          copied. Ended before the spool is closed: ops->stop, ops->free.
 * Limits: syslog_datagram_config. While the spool has no room nothing is read: UDP
 *         datagrams for which the kernel's buffer has no room are lost, and counted
 *         (dropped_frames); senders to a unix socket wait.
 *
 * As a source it has no positions of its own: what it received is replayed by the
 * spool.
 */
#ifndef SIFTD_SOURCES_SYSLOG_DATAGRAM_H
#define SIFTD_SOURCES_SYSLOG_DATAGRAM_H

#include <event2/event.h>
#include <stdint.h>

#include "sources/port.h"
#include "sources/spool.h"
#include "sources/syslog_socket.h"

struct syslog_datagram_config {
	const char *name;
	struct syslog_address address;
	int64_t project_id;
	int64_t ingestion_id;
	size_t frame_bytes_max;
	size_t receive_buffer_bytes; /* of the kernel; 0: its default */
	unsigned canary_ms; /* how often one is sent (syslog_canary.h); 0: never */
	size_t unsynced_bytes_max;
	size_t read_bytes; /* of one turn, and one datagram more */
};

struct syslog_datagram_config syslog_datagram_defaults(void);
struct source *syslog_datagram_new(struct event_base *base, struct spool *spool,
				   const struct syslog_datagram_config *config);
/* that it is bound to, after start; for listen addresses with port 0 */
unsigned syslog_datagram_port(struct source *source);

#endif
