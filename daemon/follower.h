/* follower.h - learners follow what other daemons on the database learned, and what
 * people decided there
 *
 * Threads: the loop thread. Owner: follower_free.
 * Limits: ROWS_MAX rows of each journal a turn; one query at a time.
 *
 *	told by NOTIFY, or some seconds passed -> read the journals behind their heads
 *	  -> adopt templates and merges; a person decided: read what is pinned, regroup
 */
#ifndef SIFTD_DAEMON_FOLLOWER_H
#define SIFTD_DAEMON_FOLLOWER_H

#include "base/buf.h"
#include "daemon/learners.h"

struct event_base;
struct follower;
struct pg_pool;

struct follower_deps {
	struct event_base *base;
	struct pg_pool *pool;
	struct learners *learners;
	const char *conninfo; /* to hear NOTIFY */
};

struct follower *follower_new(const struct follower_deps *deps);
void follower_free(struct follower **follower);
/* counters, as metrics.h */
void follower_write_metrics(const struct follower *follower, struct buf *out);

#endif
