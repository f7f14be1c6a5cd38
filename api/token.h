/* token.h - opaque bearer tokens: random text for the client, a hash for the database
 *
 * Threads: any; pure but for randomness. sodium_init was called.
 */
#ifndef SIFTD_API_TOKEN_H
#define SIFTD_API_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define TOKEN_TEXT_SIZE 40 /* "siftd_", 32 letters, NUL: 39 */
#define TOKEN_HASH_BYTES 32

struct token_hash {
	unsigned char bytes[TOKEN_HASH_BYTES];
};

/* 192 random bits behind a prefix that secret scanners can know */
void token_make(char text[TOKEN_TEXT_SIZE]);
void token_hash(struct slice text, struct token_hash *out);
/* the token in "Bearer <token>" (the scheme in any case); false when it is none */
bool token_of_header(const char *header, struct slice *out);

#endif
