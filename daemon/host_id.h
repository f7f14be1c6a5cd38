/* host_id.h - the name of this state directory, to which files and the spool belong
 *
 * Threads: start-up only.
 */
#ifndef SIFTD_DAEMON_HOST_ID_H
#define SIFTD_DAEMON_HOST_ID_H

#include "base/error.h"

#define HOST_ID_MAX 33 /* 32 hex digits and a NUL */

/* reads STATE_DIR/host_id, or makes one (random, durable before it returns) */
MUST_CHECK int host_id_load(const char *state_dir, char out[HOST_ID_MAX],
			    struct error *error);

#endif
