/* state_dir.h - the daemon's folder, of which it is the only user
 *
 * Threads: any, at start. Owner: the caller closes the descriptor, which holds the
 * lock; it is set as soon as it is open, also when the lock is not to be had.
 */
#ifndef SIFTD_DAEMON_STATE_DIR_H
#define SIFTD_DAEMON_STATE_DIR_H

#include "base/error.h"

/* makes the folder when it is absent, and locks it */
MUST_CHECK int state_dir_take(const char *path, int *fd_out, struct error *error);

#endif
