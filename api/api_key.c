/* api_key.c - making API keys, and telling them from other tokens */
#include "api/api_key.h"

#include <sodium.h>
#include <stdio.h>

#define PREFIX "sift_"

static bool is_hex(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

void api_key_make(struct api_key *out)
{
	unsigned char random[(API_KEY_ID_LEN + API_KEY_SECRET_LEN) / 2];
	char hex[sizeof(random) * 2 + 1];

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(hex, sizeof(hex), random, sizeof(random));
	memcpy(out->id, hex, API_KEY_ID_LEN);
	out->id[API_KEY_ID_LEN] = '\0';
	/* its size counts these parts */
	(void)snprintf(out->text, sizeof(out->text), PREFIX "%s_%s", out->id,
		       hex + API_KEY_ID_LEN);
	token_hash(slice_str(out->text), &out->hash);
	sodium_memzero(random, sizeof(random));
	sodium_memzero(hex, sizeof(hex));
}

bool api_key_id(struct slice text, struct slice *id)
{
	struct slice rest = slice_from(text, sizeof(PREFIX) - 1);

	if (text.len != API_KEY_TEXT_SIZE - 1 ||
	    !slice_starts_with(text, SLICE(PREFIX)) || rest.ptr[API_KEY_ID_LEN] != '_')
		return false;
	*id = slice_head(rest, API_KEY_ID_LEN);
	return is_hex(*id) && is_hex(slice_from(rest, API_KEY_ID_LEN + 1));
}
