/* token.c - making and hashing tokens
 *
 * The hash needs no salt and no slowness: a token is random, nobody can guess it.
 */
#include "api/token.h"

#include <sodium.h>
#include <stdio.h>

#define TOKEN_PREFIX "siftd_"
#define TOKEN_RANDOM_BYTES 24

int token_setup(struct error *error)
{
	if (sodium_init() < 0)
		return error_set(error, "libsodium found no source of randomness");
	return 0;
}

void token_make(char text[TOKEN_TEXT_SIZE])
{
	unsigned char random[TOKEN_RANDOM_BYTES];
	char encoded[sodium_base64_ENCODED_LEN(
		TOKEN_RANDOM_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];

	randombytes_buf(random, sizeof(random));
	sodium_bin2base64(encoded, sizeof(encoded), random, sizeof(random),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	/* 6 + 32 + NUL fit */
	(void)snprintf(text, TOKEN_TEXT_SIZE, TOKEN_PREFIX "%s", encoded);
	sodium_memzero(random, sizeof(random));
	sodium_memzero(encoded, sizeof(encoded));
}

void token_hash(struct slice text, struct token_hash *out)
{
	/* fails on sizes out of range only, and this one is constant */
	(void)crypto_generichash(out->bytes, sizeof(out->bytes),
				 (const unsigned char *)text.ptr, text.len, NULL, 0);
}

void token_hash_hex(const struct token_hash *hash, char out[TOKEN_HASH_HEX_SIZE])
{
	sodium_bin2hex(out, TOKEN_HASH_HEX_SIZE, hash->bytes, sizeof(hash->bytes));
}

bool token_hash_equals_hex(const struct token_hash *hash, struct slice hex)
{
	char own[TOKEN_HASH_HEX_SIZE];

	token_hash_hex(hash, own);
	return hex.len == sizeof(own) - 1 && sodium_memcmp(own, hex.ptr, hex.len) == 0;
}
