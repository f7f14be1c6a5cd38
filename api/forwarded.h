/* forwarded.h - the client behind reverse proxies that are trusted to name it
 *
 * Threads: forwarded_new at start; then any, nothing changes.
 * Owner: forwarded_free.
 * Limits: FORWARDED_NETWORKS_MAX networks.
 *
 * Each proxy appends the address it was called from to X-Forwarded-For, or to Forwarded
 * (RFC 7239). The list is read from its end, and only as far as those who wrote it are
 * trusted: the first address that is no proxy's is the client's. What a client wrote
 * itself stands in front of that, and is never looked at. One of both headers is read:
 * a proxy that knows one of them passes the other on as it came.
 */
#ifndef SIFTD_API_FORWARDED_H
#define SIFTD_API_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "api/http_head.h"
#include "base/error.h"

#define FORWARDED_NETWORKS_MAX 64
/* of an address as text, with its NUL */
#define FORWARDED_ADDRESS_SIZE 46

struct forwarded;

/* networks: such as 10.0.0.0/8, ::1 or 2001:db8::/32. header: X-Forwarded-For or
 * Forwarded */
MUST_CHECK int forwarded_new(const char *const *networks, size_t count,
			     const char *header, struct forwarded **out,
			     struct error *error);
void forwarded_free(struct forwarded **forwarded);
/* forwarded: NULL trusts nobody, here and below */
bool forwarded_trusts(const struct forwarded *forwarded, const char *address);
/* address: of the connection's other end; becomes the client's */
void forwarded_client(const struct forwarded *forwarded, const struct http_head *head,
		      char address[FORWARDED_ADDRESS_SIZE]);

#endif
