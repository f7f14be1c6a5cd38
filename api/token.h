/* token.h - opaque bearer tokens: random text for the client, a hash for the database
 *
 * Threads: any; pure but for randomness. token_setup was called.
 */
#ifndef SIFTD_API_TOKEN_H
#define SIFTD_API_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define TOKEN_TEXT_SIZE 40 /* "siftd_", 32 letters, NUL: 39 */
#define TOKEN_HASH_BYTES 32
#define TOKEN_HASH_HEX_SIZE (2 * TOKEN_HASH_BYTES + 1)
#define TOKEN_CSRF_SIZE 44 /* 43 letters and NUL */
#define TOKEN_COOKIE "siftd_session"

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
/* the same as a parameter for SQL, in the arena */
struct slice token_hash_dup(struct slice text, struct arena *arena);
/* the value of the cookie TOKEN_COOKIE in a header Cookie (RFC 6265 section 4.2.1);
 * false when there is none. header may be NULL */
bool token_of_cookie(const char *header, struct slice *out);
/* the CSRF token of a session's token: a keyed hash, that tells nothing of it */
void token_csrf(struct slice token, char out[TOKEN_CSRF_SIZE]);

#endif
