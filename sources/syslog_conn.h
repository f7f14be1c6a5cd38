/* syslog_conn.h - one connection of a syslog sender
 *
 * Threads: the loop thread. Owner: the listener; it frees a connection when `closed`
 *          was called, or later.
 * Limits: reads one buffer a turn; stops reading while its intake is not ready. A TLS
 *         handshake ends in handshake_timeout_s, however often a byte of it comes, and
 * so does a PROXY header.
 */
#ifndef SIFTD_SOURCES_SYSLOG_CONN_H
#define SIFTD_SOURCES_SYSLOG_CONN_H

#include <event2/event.h>
#include <netinet/in.h>
#include <stdint.h>

#include "sources/syslog_intake.h"
#include "sources/syslog_tls.h"

struct syslog_conn;

/* what the connections of one listener have in common */
struct syslog_shared {
	struct event_base *base;
	struct syslog_target target;
	size_t frame_bytes_max;
	unsigned idle_timeout_s;
	struct syslog_tls *tls; /* NULL: plain text */
	unsigned handshake_timeout_s;
	bool proxy_protocol; /* each connection begins with such a header */
	char *buffer;        /* reads go here, one at a time */
	size_t buffer_bytes;
	/* is called when the socket was closed, once; the connection may be freed */
	void (*closed)(void *context, struct syslog_conn *conn);
	/* is called when a proxy has named the peer; false: close it, it is one too
	 * many */
	bool (*named)(void *context, struct syslog_conn *conn,
		      const struct in6_addr *peer);
	void *context;
};

/* takes the socket, which does not block, over; NULL: no event could be made */
struct syslog_conn *syslog_conn_new(struct syslog_shared *shared, int fd);
/* what is open is a last frame; `closed` is called */
void syslog_conn_close(struct syslog_conn *conn);
/* of a closed connection */
void syslog_conn_free(struct syslog_conn **conn);
/* into the list of a listener, whose head it points to; and out of it, before the free
 */
void syslog_conn_link(struct syslog_conn *conn, struct syslog_conn **list);
void syslog_conn_unlink(struct syslog_conn *conn);
/* who is at the other end; the listener's to set. IPv4 as ::ffff:192.0.2.1 */
struct in6_addr *syslog_conn_peer(struct syslog_conn *conn);

#endif
