/* pg_socket.h - where the private PostgreSQL listens, and how libpq finds it
 *
 * Threads: any. Owner: the caller frees the texts with mem_free.
 */
#ifndef SIFTD_DAEMON_PG_SOCKET_H
#define SIFTD_DAEMON_PG_SOCKET_H

/* folder/run, or where the socket's path would be too long for the system a short
 * folder below /run or /tmp that is named after it */
char *pg_socket_dir(const char *folder);
char *pg_socket_conninfo(const char *socket_dir, const char *database);

#endif
