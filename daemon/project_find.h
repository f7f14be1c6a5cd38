/* project_find.h - the project that somebody named on the command line
 *
 * Threads: the caller's. Owner: nothing is kept.
 */
#ifndef SIFTD_DAEMON_PROJECT_FIND_H
#define SIFTD_DAEMON_PROJECT_FIND_H

#include <stdint.h>

#include "sinks/pg_sync.h"

struct project_found {
	int64_t id;
	int64_t next_seq;
};

/* by its name or its id; fails when there is none, or more than one */
MUST_CHECK int project_find(struct pg_sync *sync, const char *name,
			    struct project_found *out, struct error *error);

#endif
