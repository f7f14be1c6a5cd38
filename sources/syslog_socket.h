/* syslog_socket.h - the sockets that syslog is received on: internet and unix
 *
 * Threads: the loop thread. Owner: syslog_socket_close closes, and removes the path.
 * Limits: numeric addresses only: a name would block the loop.
 *
 * A path is owned: a socket that is left there by a process that has ended is replaced;
 * one that still answers, or anything that is no socket, is an error.
 */
#ifndef SIFTD_SOURCES_SYSLOG_SOCKET_H
#define SIFTD_SOURCES_SYSLOG_SOCKET_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

#define SYSLOG_PATH_MAX 107 /* sockaddr_un's, without its NUL */

struct syslog_address {
	const char *listen; /* "127.0.0.1:1514", "[::]:514"; else NULL */
	const char *path;   /* of a unix socket */
	mode_t mode;        /* of the path: who may send */
};

struct syslog_socket {
	int fd;
	char *path; /* NULL: an internet socket */
	dev_t device;
	ino_t inode;
};

#define SYSLOG_SOCKET_NONE ((struct syslog_socket){ .fd = -1 })

/* type: SOCK_STREAM or SOCK_DGRAM; bound, not listening, does not block */
MUST_CHECK int syslog_socket_open(const struct syslog_address *address, int type,
				  struct syslog_socket *out, struct error *error);
void syslog_socket_close(struct syslog_socket *sock);
/* of an internet socket; 0: unknown */
unsigned syslog_socket_port(const struct syslog_socket *sock);

#endif
