/* notify_sign.c - HMAC-SHA256 over time and body */
#include "sinks/notify_sign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

void notify_sign(struct slice secret, int64_t time_s, struct slice body,
		 char out[NOTIFY_SIGNATURE_SIZE])
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char hex[2 * sizeof(mac) + 1];
	char time[24];
	/* 24 bytes hold any int64 and a point */
	size_t len = (size_t)snprintf(time, sizeof(time), "%" PRId64 ".", time_s);

	crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.ptr,
				    secret.len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)time, len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.ptr,
				      body.len);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
	(void)snprintf(out, NOTIFY_SIGNATURE_SIZE,
		       "X-Siftd-Signature: t=%" PRId64 ",v1=%s", time_s, hex);
	sodium_memzero(&state, sizeof(state));
}
