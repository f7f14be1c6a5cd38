/* credential.h - the login token or API key in the header Authorization
 *
 * Threads: any; pure.
 * Owner: the text borrows from the header, or lies in the arena when it was encoded.
 *
 *	Bearer TOKEN-OR-KEY
 *	Basic base64(anybody:TOKEN-OR-KEY)    RFC 7617; Loki's, Elasticsearch's clients
 *	ApiKey base64(anything:KEY) or KEY    Elasticsearch
 *	Splunk KEY                            HTTP Event Collector
 */
#ifndef SIFTD_API_CREDENTIAL_H
#define SIFTD_API_CREDENTIAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

struct credential {
	struct slice text;
	struct slice key_id; /* ptr NULL: not an API key, hence a login token */
};

/* false: there is none */
bool credential_of_header(const char *header, struct arena *arena,
			  struct credential *out);

#endif
