/* token.h - opaque bearer tokens: random text for the client, a hash for the database
 *
 * Threads: any; pure but for randomness. token_setup was called.
 */
#ifndef SIFTD_API_TOKEN_H
#define SIFTD_API_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

#define TOKEN_TEXT_SIZE 40 /* "siftd_", 32 letters, NUL: 39 */
#define TOKEN_HASH_BYTES 32
#define TOKEN_HASH_HEX_SIZE (2 * TOKEN_HASH_BYTES + 1)

struct token_hash {
	unsigned char bytes[TOKEN_HASH_BYTES];
};

/* before all else, once; may be called again */
MUST_CHECK int token_setup(struct error *error);
/* 192 random bits behind a prefix that secret scanners can know */
void token_make(char text[TOKEN_TEXT_SIZE]);
void token_hash(struct slice text, struct token_hash *out);
/* lower-case digits */
void token_hash_hex(const struct token_hash *hash, char out[TOKEN_HASH_HEX_SIZE]);
/* in constant time, with a hash in lower-case hexadecimal digits */
bool token_hash_equals_hex(const struct token_hash *hash, struct slice hex);

#endif
