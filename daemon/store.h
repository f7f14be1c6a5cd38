/* store.h - the database at start-up: where it is, its schema, and what the daemon
 * needs from it
 *
 * Threads: start-up only; every call waits for the database.
 * Owner: store_stop ends an embedded server and frees.
 */
#ifndef SIFTD_DAEMON_STORE_H
#define SIFTD_DAEMON_STORE_H

#include <stdint.h>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/learners.h"
#include "sources/port.h"

struct store;

/* whether database.url, or the file that holds it, can be read */
MUST_CHECK int store_check_url(const struct config *config, struct error *error);

/* connects, or starts the embedded server, and brings the schema up to date */
MUST_CHECK int store_start(const struct config *config, struct store **out,
			   struct error *error);
/* connects to a database as it is, which a daemon may be using: an embedded one is
 * started only when none runs on the state folder. Only store_conninfo is for it then
 */
MUST_CHECK int store_attach(const struct config *config, struct store **out,
			    struct error *error);
/* also after a failed start of something else; NULL is fine */
void store_stop(struct store **store);
const char *store_conninfo(const struct store *store);
/* restarts an embedded server that died; nothing to do for any other */
MUST_CHECK int store_check(struct store *store, struct error *error);
/* the ingestion that a configured source feeds, and its project; made when absent */
MUST_CHECK int store_ingestion(struct store *store, const struct source_config *source,
			       int64_t *project_id, int64_t *ingestion_id,
			       struct error *error);
/* the caller deinits */
MUST_CHECK int store_positions(struct store *store, const char *host_id,
			       const char *source, struct stored_positions *out,
			       struct error *error);
/* puts the templates of all projects back into their learners */
MUST_CHECK int store_restore(struct store *store, struct learners *learners,
			     struct error *error);

#endif
