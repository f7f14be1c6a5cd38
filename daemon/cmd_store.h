/* cmd_store.h - what subcommands that work on the database have in common
 *
 * Threads: the process's main thread. Owner: nothing is kept.
 */
#ifndef SIFTD_DAEMON_CMD_STORE_H
#define SIFTD_DAEMON_CMD_STORE_H

#include <stddef.h>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/store.h"
#include "sinks/pg_rows.h"

struct cmd_store {
	const char *name;   /* of the subcommand, for messages */
	const char *config; /* the file, or NULL */
	/* is called when the database is there: the exit status, or -1 with the error,
	 * which is then printed behind the name */
	int (*run)(void *context, const struct config *config,
		   const struct store *store, struct error *error);
	void *context;
};

/* reads the configuration, attaches to the database, runs, and gives the exit status */
int cmd_store_run(const struct cmd_store *command);
/* of a command line: 0 it was read, 1 help was asked for, -1 it is wrong. Prints the
 * usage where it says so, and gives the exit status */
int cmd_usage(const char *usage, int read);
/* each row as a line, its first columns between tabs */
void cmd_print_rows(const struct pg_rows *rows, size_t columns);

#endif
