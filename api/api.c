/* api.c - the table of routes, and the parts it needs */
#include "api/api.h"

#include <sodium.h>

#include "api/auth.h"
#include "api/bootstrap.h"
#include "api/context.h"
#include "api/gate.h"
#include "api/http.h"
#include "api/limiter.h"
#include "api/passwords.h"
#include "api/status.h"
#include "base/mem.h"

#define V1 "/api/v1"
#define ORG V1 "/orgs/{org}"
#define PROJECT ORG "/projects/{project}"
#define INGESTION PROJECT "/ingestions/{ingestion}"

static const struct route routes[] = {
	{ ROUTE_GET, "/healthz", ACCESS_PUBLIC, LIMIT_NONE, status_health },
	{ ROUTE_GET, "/health", ACCESS_PUBLIC, LIMIT_NONE, status_health },
	{ ROUTE_GET, "/readyz", ACCESS_PUBLIC, LIMIT_NONE, status_ready },
	{ ROUTE_GET, "/version", ACCESS_PUBLIC, LIMIT_NONE, status_version },
	{ ROUTE_GET, "/metrics", ACCESS_PUBLIC, LIMIT_NONE, status_metrics },

	{ ROUTE_POST, V1 "/auth/register", ACCESS_PUBLIC, LIMIT_REGISTER,
	  auth_register },
	{ ROUTE_POST, V1 "/auth/login", ACCESS_PUBLIC, LIMIT_LOGIN, auth_login },
	{ ROUTE_POST, V1 "/auth/logout", ACCESS_USER, LIMIT_WRITE, auth_logout },
	{ ROUTE_GET, V1 "/auth/me", ACCESS_USER, LIMIT_READ, auth_me },
	{ ROUTE_POST, V1 "/auth/password", ACCESS_USER, LIMIT_LOGIN, auth_password },
};

struct api {
	struct api_context context;
	struct http_server *server;
	struct bootstrap *bootstrap;
};

struct api_config api_config_default(void)
{
	return (struct api_config){
		.address = "127.0.0.1",
		.port = 8080,
		.body_bytes_max = (size_t)64 * 1024 * 1024,
		.idle_timeout_s = 60,
		.token_lifetime_s = INT64_C(7) * 24 * 3600,
		.registration_open = true,
		.rates = { .login = 10, .registration = 5, .write = 30, .read = 600 },
	};
}

static int start(struct api *api, const struct api_config *config, struct error *error)
{
	struct http_config http = {
		.base = api->context.deps.base,
		.address = config->address,
		.port = config->port,
		.body_bytes_max = config->body_bytes_max,
		.idle_timeout_s = config->idle_timeout_s,
		.routes = { routes, ARRAY_LEN(routes) },
		.api = &api->context,
		.gate = gate_admit,
	};

	if (sodium_init() < 0)
		return error_set(error, "api: libsodium found no source of randomness");
	randombytes_buf(&api->context.limiter_seed, sizeof(api->context.limiter_seed));
	if (passwords_new(http.base, &api->context.passwords, error) != 0 ||
	    http_server_new(&http, &api->server, error) != 0)
		return -1;
	api->context.stats = http_server_stats(api->server);
	return 0;
}

int api_new(const struct api_config *config, const struct api_deps *deps,
	    struct api **out, struct error *error)
{
	struct api *api = mem_calloc(1, sizeof(*api));

	api->context.config = *config;
	api->context.config.address = NULL; /* the caller's; used by start alone */
	api->context.deps = *deps;
	api->context.limiter = limiter_new();
	if (start(api, config, error) != 0) {
		api_free(&api);
		return -1;
	}
	*out = api;
	return 0;
}

void api_free(struct api **api_ptr)
{
	struct api *api = *api_ptr;

	if (api == NULL)
		return;
	bootstrap_free(&api->bootstrap);
	http_server_free(&api->server);
	passwords_free(&api->context.passwords);
	limiter_free(&api->context.limiter);
	mem_free(api);
	*api_ptr = NULL;
}

void api_bootstrap_admin(struct api *api, api_bootstrap_fn *done, void *context)
{
	bootstrap_free(&api->bootstrap);
	api->bootstrap = bootstrap_start(&api->context, done, context);
}
