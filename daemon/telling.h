/* telling.h - what the configuration says of findings that are told
 *
 * Threads: the loop thread. Owner: notify_free.
 */
#ifndef SIFTD_DAEMON_TELLING_H
#define SIFTD_DAEMON_TELLING_H

#include "base/error.h"
#include "sinks/notify.h"
#include "sinks/pg_flush_sender.h"

struct config;

struct flush_limits telling_limits(const struct config *config);
/* what reading the configuration cannot say; connects to nobody */
MUST_CHECK int telling_check(const struct config *config, struct error *error);
MUST_CHECK int telling_start(const struct config *config, struct event_base *base,
			     struct pg_pool *pool, struct notify **out,
			     struct error *error);

#endif
