/* daemon.h - the whole daemon, from start to clean end
 *
 * Threads: the calling thread becomes the loop thread.
 */
#ifndef SIFTD_DAEMON_DAEMON_H
#define SIFTD_DAEMON_DAEMON_H

#include "base/error.h"
#include "daemon/config.h"

/* returns after SIGTERM or SIGINT, when what was read is stored; -1 when it could not
 * start */
MUST_CHECK int daemon_run(const struct config *config, struct error *error);

#endif
