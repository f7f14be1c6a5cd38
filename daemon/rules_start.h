/* rules_start.h - the rules that the daemon starts with
 *
 * Threads: start-up only; compiles, and waits for the database.
 * Owner: the caller frees both, also after an error.
 */
#ifndef SIFTD_DAEMON_RULES_START_H
#define SIFTD_DAEMON_RULES_START_H

#include "daemon/config.h"
#include "daemon/rule_shelf.h"

/* those of all projects */
MUST_CHECK int rules_start(const struct config *config, struct rules **out,
			   struct error *error);
/* and those that projects have of their own */
MUST_CHECK int rules_start_shelf(const struct config *config, const char *conninfo,
				 struct rule_shelf **out, struct error *error);

#endif
