/* keyring.h - keys of a file, and what is sealed under them
 *
 * Threads: any, once loaded; sealing and opening only read it.
 * Owner: keyring_free, which wipes the keys.
 * Limits: KEYRING_KEYS_MAX keys; a sealed text is some 60 bytes and a third longer.
 *
 * The file has a key a line, 64 hex digits; the first one seals, all of them open. So a
 * key is changed by putting a new one in front, and taking the old one out when nothing
 * is sealed under it any more. It must belong to its owner alone.
 *
 * Sealed is by XChaCha20-Poly1305 (libsodium's crypto_aead_xchacha20poly1305_ietf) with
 * a random nonce. `what` names what is sealed and where it belongs, so that nobody can
 * put it elsewhere: it opens with the same words only.
 */
#ifndef SIFTD_SINKS_KEYRING_H
#define SIFTD_SINKS_KEYRING_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

#define KEYRING_KEYS_MAX 16
#define KEYRING_ID_SIZE 9

struct keyring;

/* a file that is not there is made, with one random key */
MUST_CHECK int keyring_load(const char *path, struct keyring **out,
			    struct error *error);
void keyring_free(struct keyring **keyring);
/* names the key that seals, without telling of it: 8 hex digits */
const char *keyring_id(const struct keyring *keyring);
/* appends it as text: its key's id, a colon, and base64 */
void keyring_seal(const struct keyring *keyring, struct slice what, struct slice plain,
		  struct buf *out);
/* appends what was sealed; the error says nothing of it */
MUST_CHECK int keyring_open(const struct keyring *keyring, struct slice what,
			    struct slice sealed, struct buf *out, struct error *error);

#endif
