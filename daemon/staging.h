/* staging.h - what keeps bytes in the state directory until PostgreSQL has them: the
 * spool, and uploads in parts
 *
 * Threads: the loop thread. Owner: the caller closes what was opened.
 */
#ifndef SIFTD_DAEMON_STAGING_H
#define SIFTD_DAEMON_STAGING_H

#include "base/error.h"

struct config;
struct event_base;
struct spool;
struct uploads;

MUST_CHECK int staging_open_spool(struct event_base *base, const struct config *config,
				  const char *host_id, struct spool **out,
				  struct error *error);
MUST_CHECK int staging_open_uploads(struct event_base *base,
				    const struct config *config, const char *host_id,
				    struct uploads **out, struct error *error);

#endif
