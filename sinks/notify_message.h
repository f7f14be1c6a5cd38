/* notify_message.h - the request that tells a channel of some words
 *
 * Threads: any; pure but for the clock.
 * Owner: notify_message_deinit, which wipes what was a secret.
 */
#ifndef SIFTD_SINKS_NOTIFY_MESSAGE_H
#define SIFTD_SINKS_NOTIFY_MESSAGE_H

#include "base/buf.h"
#include "sinks/http_client.h"
#include "sinks/keyring.h"
#include "sinks/pg_rows.h"

/* as siftd.claim_words has them */
enum claim_column {
	CLAIM_CHANNEL,
	CLAIM_PROJECT,
	CLAIM_KIND,
	CLAIM_KEY_ID,
	CLAIM_URL,
	CLAIM_SECRET,
	CLAIM_IDS,
	CLAIM_BODY,
	CLAIM_DELIVERY
};

#define CLAIM_COLUMNS "channel, project, kind, key_id, url, secret, ids, body, delivery"

struct notify_message {
	struct buf url, secret, body;
	struct buf delivery, authorization; /* headers */
	struct http_client_request request; /* borrows them */
};

/* of the first row; the error says nothing of the secrets */
MUST_CHECK int notify_message_make(const struct keyring *keyring,
				   const struct pg_rows *rows,
				   struct notify_message *out, struct error *error);
void notify_message_deinit(struct notify_message *message);

#endif
