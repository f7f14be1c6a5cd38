/* pg_process.h - processes of the private PostgreSQL: spawning them, finding them again
 *
 * Threads: start-up and the loop; nothing here waits but pg_process_run.
 */
#ifndef SIFTD_DAEMON_PG_PROCESS_H
#define SIFTD_DAEMON_PG_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* who a process runs as; drop false: as siftd itself */
struct pg_identity {
	bool drop;
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* user NULL: "postgres", or "nobody"; not root: nobody is needed */
MUST_CHECK int pg_identity_choose(const char *user, struct pg_identity *out,
				  struct error *error);

struct pg_command {
	const char *const *argv; /* NULL-terminated; argv[0] is the program's path */
	const char *log_path;    /* its output is appended there */
	const char *folder;      /* its working directory */
	const struct pg_identity *identity;
};

/* a session of its own, so that a terminal's Ctrl-C does not reach it; -1: error */
MUST_CHECK pid_t pg_process_spawn(const struct pg_command *command,
				  struct error *error);
/* spawns, waits; -1 unless it exits with 0 */
MUST_CHECK int pg_process_run(const struct pg_command *command, struct error *error);
/* 0 while the process is there; -1 and why, once it ended; a child is reaped */
MUST_CHECK int pg_process_check(const struct pg_command *command, pid_t pid,
				struct error *error);
/* a process whose working directory it is (as of a server on its data);
 * 0: none */
pid_t pg_process_in_folder(const char *folder);
bool pg_process_works_in(pid_t pid, const char *folder);

#endif
