/* pg_resolve.h - the names in a conninfo to addresses, off the loop
 *
 * Threads: the loop thread; the look-up runs on a thread of its own.
 * Owner: pg_resolve_free, after `done` or before (then done is not called).
 * Limits: PG_RESOLVE_ADDRESSES_MAX addresses a conninfo; further ones are not tried.
 *
 * libpq resolves names inside its connecting call, which would stop the loop for as
 * long as a name server does not answer. Given hostaddr it only connects.
 */
#ifndef SIFTD_SINKS_PG_RESOLVE_H
#define SIFTD_SINKS_PG_RESOLVE_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"

#define PG_RESOLVE_ADDRESSES_MAX 16

struct pg_resolve;

/* comma-separated lists of equal length, as libpq's parameters of these names */
struct pg_addresses {
	const char *host;
	const char *hostaddr;
	const char *port;
};

/* is called on the loop; addresses, to be copied, or NULL with an error */
typedef void pg_resolve_fn(void *context, const struct pg_addresses *addresses,
			   const struct error *error);

struct pg_resolve_request {
	const char *host; /* comma-separated names, paths or addresses; copied */
	const char *port; /* one, or one for each host; "" for the default; copied */
	pg_resolve_fn *done;
	void *context;
};

/* false: no host of the list needs a look-up (sockets' paths, addresses) */
bool pg_resolve_needed(const char *host);
MUST_CHECK int pg_resolve_start(struct event_base *base,
				const struct pg_resolve_request *request,
				struct pg_resolve **out, struct error *error);
void pg_resolve_free(struct pg_resolve **resolve);

#endif
