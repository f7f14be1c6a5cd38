/* endpoint.h - "address:port" as people write it
 *
 * Threads: any; pure. Owner: endpoint_deinit frees the address.
 * Limits: numeric addresses only: nothing is looked up.
 */
#ifndef SIFTD_BASE_ENDPOINT_H
#define SIFTD_BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct endpoint {
	char *address; /* IPv4 or IPv6, numeric, without brackets */
	uint16_t port;
};

/* "127.0.0.1:8080", "[::1]:8080", "*:8080" and ":8080" (every IPv4 address), and
 * "localhost:8080" (127.0.0.1) */
MUST_CHECK int endpoint_parse(const char *text, struct endpoint *out,
			      struct error *error);
bool endpoint_is_loopback(const struct endpoint *endpoint);
void endpoint_deinit(struct endpoint *endpoint);

#endif
