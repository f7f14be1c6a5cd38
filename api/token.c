/* token.c - making and hashing tokens
 *
 * The hash needs no salt and no slowness: a token is random, nobody can guess it.
 */
#include "api/token.h"

#include <sodium.h>
#include <stdio.h>

#define TOKEN_PREFIX "siftd_"
#define TOKEN_RANDOM_BYTES 24

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

bool token_of_header(const char *header, struct slice *out)
{
	struct slice rest = header == NULL ? (struct slice){ 0 } : slice_str(header);

	if (!slice_equal_nocase(slice_head(rest, 7), SLICE("bearer ")))
		return false;
	*out = slice_trim(slice_from(rest, 7));
	return out->len > 0;
}
