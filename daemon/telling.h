/* telling.h - what the configuration says of findings that are told
 *
 * Threads: the loop thread. Owner: notify_free, keyring_free.
 */
#ifndef SIFTD_DAEMON_TELLING_H
#define SIFTD_DAEMON_TELLING_H

#include "base/error.h"
#include "sinks/notify.h"
#include "sinks/pg_flush_sender.h"

struct config;
struct keyring;

struct flush_limits telling_limits(const struct config *config);
/* what reading the configuration cannot say; connects to nobody */
MUST_CHECK int telling_check(const struct config *config, struct error *error);
/* the keys of channels; those that lie in the open, or under an older key, are sealed
 * anew. Waits for the database. */
MUST_CHECK int telling_keys(const struct config *config, const char *conninfo,
			    struct keyring **out, struct error *error);

/* what the notifier uses; outlives it */
struct telling_parts {
	struct event_base *base;
	struct pg_pool *pool;
	const struct keyring *keyring;
};

MUST_CHECK int telling_start(const struct config *config,
			     const struct telling_parts *parts, struct notify **out,
			     struct error *error);

#endif
