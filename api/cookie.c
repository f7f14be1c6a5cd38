/* cookie.c - reading and setting the session cookie */
#include "api/cookie.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "api/context.h"
#include "api/token.h"

#define COOKIE_BYTES_MAX 200

bool cookie_has_csrf_token(const struct request *request, struct slice token)
{
	const char *header = request_header(request, "X-CSRF-Token");
	char expected[TOKEN_CSRF_SIZE];

	token_csrf(token, expected);
	return header != NULL && strlen(header) == sizeof(expected) - 1 &&
	       sodium_memcmp(header, expected, sizeof(expected) - 1) == 0;
}

bool cookie_read(const struct request *request, struct slice *token)
{
	return token_of_cookie(request_header(request, "Cookie"), token);
}

void cookie_set(struct request *request, const char *token, int64_t lifetime_s)
{
	char text[COOKIE_BYTES_MAX];

	/* the parts are shorter than the buffer */
	(void)snprintf(text, sizeof(text),
		       TOKEN_COOKIE "=%s; Path=/; Max-Age=%" PRId64
				    "; HttpOnly; SameSite=Strict%s",
		       token, lifetime_s,
		       request->api->config.secure ? "; Secure" : "");
	request_set_header(request, "Set-Cookie", text);
	sodium_memzero(text, sizeof(text));
}
