/* embedded_pg.h - a private PostgreSQL below the state directory
 *
 * Threads: start and stop wait, and run before and after the loop; embedded_pg_check
 * does not wait and is for the loop.
 * Owner: embedded_pg_stop ends the server and frees; the server outlives a siftd that
 *was killed, and the next start adopts it. Limits: it listens on a unix socket in a
 *folder of mode 0700 only.
 *
 *	STATE_DIR/postgresql/data   the cluster; made under another name, then renamed
 *	STATE_DIR/postgresql/run    the socket, unless the path is too long for one
 *	STATE_DIR/postgresql/log    what the server says
 *
 * PostgreSQL refuses to run as root: then the server, and the folder, belong to an
 * unprivileged user.
 */
#ifndef SIFTD_DAEMON_EMBEDDED_PG_H
#define SIFTD_DAEMON_EMBEDDED_PG_H

#include <sys/types.h>

#include "base/error.h"

struct embedded_pg;

struct embedded_pg_config {
	const char *state_dir;
	const char *bin_dir; /* of the server's programs; NULL: the newest installed */
	/* to run as when siftd is root; NULL: "postgres", or "nobody" */
	const char *user;
};

/* returns when the server takes queries and the database is there */
MUST_CHECK int embedded_pg_start(const struct embedded_pg_config *config,
				 struct embedded_pg **out, struct error *error);
/* for libpq; lives as long as the server */
const char *embedded_pg_conninfo(const struct embedded_pg *pg);
/* of the postmaster */
pid_t embedded_pg_pid(const struct embedded_pg *pg);
/* starts the server again when it died; to be called now and then, and on SIGCHLD */
MUST_CHECK int embedded_pg_check(struct embedded_pg *pg, struct error *error);
/* open transactions are rolled back, the data is checkpointed */
void embedded_pg_stop(struct embedded_pg **pg);

#endif
