/* cors.c - origins that are allowed, and what they are told */
#include "api/cors.h"

#include <string.h>

#include "api/context.h"
#include "api/request.h"
#include "base/mem.h"

/* what clients send, and what they may want to see; tus needs its own */
#define SENT                                                                           \
	"Authorization, Content-Type, Content-Encoding, Idempotency-Key, "             \
	"Last-Event-ID, Tus-Resumable, Upload-Length, Upload-Offset, "                 \
	"Upload-Metadata, Upload-Checksum"
#define SHOWN                                                                          \
	"X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Location, "           \
	"Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, "                    \
	"Tus-Checksum-Algorithm, Upload-Offset, Upload-Length, Upload-Expires"
#define MAX_AGE_S "3600"

struct cors {
	char **origins;
	size_t count;
};

struct cors *cors_new(const char *const *origins, size_t count)
{
	struct cors *cors = NULL;

	if (count == 0)
		return NULL;
	cors = mem_calloc(1, sizeof(*cors));
	cors->origins = mem_calloc(count, sizeof(*cors->origins));
	for (; cors->count < count; cors->count++)
		cors->origins[cors->count] = mem_strdup(origins[cors->count]);
	return cors;
}

void cors_free(struct cors **cors_ptr)
{
	struct cors *cors = *cors_ptr;

	if (cors == NULL)
		return;
	for (size_t i = 0; i < cors->count; i++)
		mem_free(cors->origins[i]);
	mem_free(cors->origins);
	mem_free(cors);
	*cors_ptr = NULL;
}

/* the origin to be named in the answer; NULL: it is not allowed, or none asks */
static const char *allowed_origin(const struct request *request)
{
	const struct cors *cors = request->api->cors;
	const char *origin = request_header(request, "Origin");

	for (size_t i = 0; cors != NULL && origin != NULL && i < cors->count; i++) {
		if (strcmp(cors->origins[i], "*") == 0 ||
		    strcmp(cors->origins[i], origin) == 0)
			return origin;
	}
	return NULL;
}

void cors_set_origin(struct request *request)
{
	const char *origin = allowed_origin(request);

	if (request->api->cors == NULL)
		return;
	/* a cache must not give one origin's answer to another */
	request_set_header(request, "Vary", "Origin");
	if (origin == NULL)
		return;
	request_set_header(request, "Access-Control-Allow-Origin", origin);
	request_set_header(request, "Access-Control-Expose-Headers", SHOWN);
}

bool cors_is_preflight(const struct request *request)
{
	return request_header(request, "Access-Control-Request-Method") != NULL &&
	       request_header(request, "Origin") != NULL;
}

void cors_set_methods(struct request *request, const char *methods)
{
	if (!cors_is_preflight(request) || allowed_origin(request) == NULL)
		return;
	request_set_header(request, "Access-Control-Allow-Methods", methods);
	request_set_header(request, "Access-Control-Allow-Headers", SENT);
	request_set_header(request, "Access-Control-Max-Age", MAX_AGE_S);
}
