/* syslog_stream.h - listens for syslog on a TCP port or a unix stream socket, and
 * appends every frame to the spool
 *
 * Threads: the loop thread. Owner: the wiring, by ops->free; the configuration is
 *          copied. Ended before the spool is closed: ops->stop, ops->free.
 * Limits: syslog_stream_config. At connections_max no more are accepted until one ends;
 *         those that wait are in the kernel's queue. One more of an address that
 *         has connections_per_address_max is closed at once, and counted (errors).
 *
 * As a source it has no positions of its own: what it received is replayed by the
 * spool.
 */
#ifndef SIFTD_SOURCES_SYSLOG_STREAM_H
#define SIFTD_SOURCES_SYSLOG_STREAM_H

#include <event2/event.h>
#include <stdint.h>

#include "sources/port.h"
#include "sources/spool.h"
#include "sources/syslog_socket.h"
#include "sources/syslog_tls.h"

struct syslog_stream_config {
	const char *name;
	struct syslog_address address;
	int64_t project_id;
	int64_t ingestion_id;
	unsigned connections_max;
	unsigned connections_per_address_max; /* 0: any */
	unsigned idle_timeout_s;              /* 0: none */
	struct syslog_tls *tls;               /* taken over; NULL: plain text */
	unsigned handshake_timeout_s;
	/* a header of the PROXY protocol names each peer; needed, and believed */
	bool proxy_protocol;
	size_t frame_bytes_max;
	unsigned canary_ms; /* how often one is sent (syslog_canary.h); 0: never */
	size_t unsynced_bytes_max; /* of one connection */
	size_t read_bytes;         /* of one read */
};

struct syslog_stream_config syslog_stream_defaults(void);
struct source *syslog_stream_new(struct event_base *base, struct spool *spool,
				 const struct syslog_stream_config *config);
/* that it listens on, after start; for listen addresses with port 0 */
unsigned syslog_stream_port(struct source *source);

#endif
