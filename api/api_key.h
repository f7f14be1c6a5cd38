/* api_key.h - API keys: sift_<id>_<secret>, of which the database keeps a hash
 *
 * Threads: any; pure but for randomness. token_setup was called.
 *
 * The id finds the row and may be shown; the secret is 192 random bits, so that its
 * hash (token_hash of the whole text) needs neither salt nor slowness. Hexadecimal
 * digits only: a key may stand in a URL, a shell and a YAML file without quotes.
 */
#ifndef SIFTD_API_API_KEY_H
#define SIFTD_API_API_KEY_H

#include <stdbool.h>

#include "api/token.h"
#include "base/slice.h"

#define API_KEY_ID_LEN 12
#define API_KEY_SECRET_LEN 48
/* "sift_", id, "_", secret, NUL */
#define API_KEY_TEXT_SIZE (5 + API_KEY_ID_LEN + 1 + API_KEY_SECRET_LEN + 1)

struct api_key {
	char text[API_KEY_TEXT_SIZE]; /* the secret itself: shown once, never stored */
	char id[API_KEY_ID_LEN + 1];
	struct token_hash hash;
};

void api_key_make(struct api_key *out);
/* true: the text has the form of a key, of which *id is a part */
bool api_key_id(struct slice text, struct slice *id);

#endif
