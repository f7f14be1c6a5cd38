/* config_http.h - the options http.* and query.* as the HTTP interface takes them
 *
 * Threads: start-up only. Owner: the result borrows from both.
 */
#ifndef SIFTD_DAEMON_CONFIG_HTTP_H
#define SIFTD_DAEMON_CONFIG_HTTP_H

#include "api/api.h"
#include "base/endpoint.h"
#include "daemon/config.h"

/* endpoint is what http.listen says */
struct api_config config_http(const struct config *config,
			      const struct endpoint *endpoint);

#endif
