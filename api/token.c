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

struct slice token_hash_dup(struct slice text, struct arena *arena)
{
	struct token_hash hash = { 0 };

	token_hash(text, &hash);
	return arena_dup(arena, slice_of((const char *)hash.bytes, sizeof(hash.bytes)));
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

bool token_of_cookie(const char *header, struct slice *out)
{
	struct slice rest = header == NULL ? (struct slice){ 0 } : slice_str(header);

	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, ';', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);
		struct slice pair = slice_trim(slice_head(rest, len));

		if (slice_starts_with(pair, SLICE(TOKEN_COOKIE "="))) {
			*out = slice_from(pair, sizeof(TOKEN_COOKIE));
			return out->len > 0;
		}
		rest = slice_from(rest, len + (end == NULL ? 0 : 1));
	}
	return false;
}

void token_csrf(struct slice token, char out[TOKEN_CSRF_SIZE])
{
	static const unsigned char purpose[] = "siftd: CSRF token of a session";
	unsigned char hash[TOKEN_HASH_BYTES];

	/* fails on sizes out of range only, and these are constant */
	(void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)token.ptr,
				 token.len, purpose, sizeof(purpose) - 1);
	sodium_bin2base64(out, TOKEN_CSRF_SIZE, hash, sizeof(hash),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
