/* proxy_header.h - the header with which a proxy names its client
 *
 * Threads: any; pure. Owner: nothing is kept.
 * Limits: PROXY_HEADER_MAX; a longer header is malformed.
 *
 * Both versions of the PROXY protocol of HAProxy (doc/proxy-protocol.txt):
 *
 *   v1   "PROXY TCP4 192.0.2.1 198.51.100.7 5061 514\r\n", at most 107 bytes
 *   v2   12 bytes of signature, version and command, family, length, addresses, more
 *
 * What no client is behind (v1 UNKNOWN, v2 LOCAL, families other than IPv4 and IPv6) is
 * well formed and names nobody.
 */
#ifndef SIFTD_SOURCES_PROXY_HEADER_H
#define SIFTD_SOURCES_PROXY_HEADER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/slice.h"

#define PROXY_HEADER_MAX ((size_t)4096)

#define PROXY_MALFORMED (-1)
#define PROXY_PARTIAL (-2)

struct proxy_client {
	bool named;
	struct in6_addr address; /* IPv4 as ::ffff:192.0.2.1 */
};

/* the header's bytes, PROXY_MALFORMED, or PROXY_PARTIAL: all of these bytes belong to
 * the header, and it goes on */
MUST_CHECK ssize_t proxy_header_read(struct slice bytes, struct proxy_client *out);

#endif
