/* channel_seal.h - what of a channel is a secret, in the database and out of it
 *
 * Threads: any; channels_reseal waits for the database: start-up only.
 *
 * URL and secret of a channel are stored sealed (keyring.h): the paths of URLs hold
 * tokens too. siftd.channels.server says in the open where a channel leads, key_id
 * under which key it is sealed; it is empty for what older versions stored as it was.
 */
#ifndef SIFTD_SINKS_CHANNEL_SEAL_H
#define SIFTD_SINKS_CHANNEL_SEAL_H

#include <stdint.h>

#include "sinks/keyring.h"

enum channel_field { CHANNEL_URL, CHANNEL_SECRET };

/* of which channels' what; a sealed text opens for the same only */
struct channel_place {
	int64_t project_id;
	enum channel_field field;
};

/* appends; nothing for an empty text, as for the next */
void channel_seal(const struct keyring *keyring, const struct channel_place *place,
		  struct slice plain, struct buf *out);
MUST_CHECK int channel_open(const struct keyring *keyring,
			    const struct channel_place *place, struct slice sealed,
			    struct buf *out, struct error *error);
/* host and port of an http URL; kafka:TOPIC as it is */
struct slice channel_server(struct slice url);
/* seals anew all that is not sealed under the first key; channels whose key is not
 * there are left, and the log says how many */
MUST_CHECK int channels_reseal(const char *conninfo, const struct keyring *keyring,
			       struct error *error);

#endif
