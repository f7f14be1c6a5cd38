/* api.c - the table of routes, and the parts it needs */
#include "api/api.h"

#include <sodium.h>

#include "api/auth.h"
#include "api/bootstrap.h"
#include "api/context.h"
#include "api/decisions.h"
#include "api/event_counts.h"
#include "api/event_export.h"
#include "api/event_routes.h"
#include "api/findings.h"
#include "api/gate.h"
#include "api/groups.h"
#include "api/http.h"
#include "api/ingestions.h"
#include "api/intake.h"
#include "api/limiter.h"
#include "api/orgs.h"
#include "api/overview.h"
#include "api/passwords.h"
#include "api/projects.h"
#include "api/status.h"
#include "api/users.h"
#include "base/mem.h"

#define V1 "/api/v1"
#define ORG V1 "/orgs/{org}"
#define PROJECT ORG "/projects/{project}"
#define INGESTION PROJECT "/ingestions/{ingestion}"

/* one handler serves a project and an ingestion of it */
#define IN_BOTH_SCOPES(method, path, limit, handler)                                   \
	{ method, PROJECT path, ACCESS_MEMBER, limit, handler },                       \
	{                                                                              \
		method, INGESTION path, ACCESS_MEMBER, limit, handler                  \
	}

/* clang-format off */
static const struct route routes[] = {
	{ ROUTE_GET, "/healthz", ACCESS_PUBLIC, LIMIT_NONE, status_health },
	{ ROUTE_GET, "/health", ACCESS_PUBLIC, LIMIT_NONE, status_health },
	{ ROUTE_GET, "/readyz", ACCESS_PUBLIC, LIMIT_NONE, status_ready },
	{ ROUTE_GET, "/version", ACCESS_PUBLIC, LIMIT_NONE, status_version },
	{ ROUTE_GET, "/metrics", ACCESS_PUBLIC, LIMIT_NONE, status_metrics },
	{ ROUTE_GET, "/openapi.yaml", ACCESS_PUBLIC, LIMIT_NONE, status_openapi },

	{ ROUTE_POST, V1 "/auth/register", ACCESS_PUBLIC, LIMIT_REGISTER,
	  auth_register },
	{ ROUTE_POST, V1 "/auth/login", ACCESS_PUBLIC, LIMIT_LOGIN, auth_login },
	{ ROUTE_POST, V1 "/auth/logout", ACCESS_USER, LIMIT_WRITE, auth_logout },
	{ ROUTE_GET, V1 "/auth/me", ACCESS_USER, LIMIT_READ, auth_me },
	{ ROUTE_POST, V1 "/auth/password", ACCESS_USER, LIMIT_LOGIN, auth_password },

	{ ROUTE_GET, V1 "/orgs", ACCESS_USER, LIMIT_READ, orgs_list },
	{ ROUTE_POST, V1 "/orgs", ACCESS_USER, LIMIT_WRITE, orgs_create },
	{ ROUTE_GET, ORG, ACCESS_MEMBER, LIMIT_READ, orgs_get },
	{ ROUTE_DELETE, ORG, ACCESS_ADMIN, LIMIT_WRITE, orgs_delete },
	{ ROUTE_GET, ORG "/users", ACCESS_MEMBER, LIMIT_READ, users_list },
	{ ROUTE_POST, ORG "/users", ACCESS_ADMIN, LIMIT_WRITE, users_create },
	{ ROUTE_PATCH, ORG "/users/{user}", ACCESS_ADMIN, LIMIT_WRITE, users_patch },
	{ ROUTE_DELETE, ORG "/users/{user}", ACCESS_ADMIN, LIMIT_WRITE, users_delete },

	{ ROUTE_GET, ORG "/projects", ACCESS_MEMBER, LIMIT_READ, projects_list },
	{ ROUTE_POST, ORG "/projects", ACCESS_ADMIN, LIMIT_WRITE, projects_create },
	{ ROUTE_GET, PROJECT, ACCESS_MEMBER, LIMIT_READ, projects_get },
	{ ROUTE_DELETE, PROJECT, ACCESS_ADMIN, LIMIT_WRITE, projects_delete },

	{ ROUTE_GET, PROJECT "/ingestions", ACCESS_MEMBER, LIMIT_READ, ingestions_list },
	{ ROUTE_POST, PROJECT "/ingestions", ACCESS_MEMBER, LIMIT_WRITE, ingestions_create },
	{ ROUTE_GET, INGESTION, ACCESS_MEMBER, LIMIT_READ, ingestions_get },
	{ ROUTE_DELETE, INGESTION, ACCESS_MEMBER, LIMIT_WRITE, ingestions_delete },
	{ ROUTE_POST, INGESTION "/logs/paste", ACCESS_MEMBER, LIMIT_WRITE, intake_paste },
	{ ROUTE_POST, INGESTION "/logs/upload", ACCESS_MEMBER, LIMIT_WRITE, intake_upload },

	IN_BOTH_SCOPES(ROUTE_GET, "/overview", LIMIT_READ, overview_get),
	IN_BOTH_SCOPES(ROUTE_GET, "/events", LIMIT_READ, event_routes_list),
	/* before {seq}, which any word matches */
	IN_BOTH_SCOPES(ROUTE_GET, "/events/histogram", LIMIT_READ, event_histogram),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/facets", LIMIT_READ, event_facets),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/export", LIMIT_READ, event_export),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/{seq}", LIMIT_READ, event_routes_get),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/{seq}/context", LIMIT_READ, event_routes_context),
	IN_BOTH_SCOPES(ROUTE_GET, "/groups", LIMIT_READ, groups_list),
	IN_BOTH_SCOPES(ROUTE_GET, "/groups/{group}", LIMIT_READ, groups_get),
	IN_BOTH_SCOPES(ROUTE_PATCH, "/groups/{group}", LIMIT_WRITE, groups_patch),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/{group}/merge", LIMIT_WRITE,
		       decisions_merge),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/{group}/split", LIMIT_WRITE,
		       decisions_split),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/merges/{merge}/undo", LIMIT_WRITE,
		       decisions_undo),
	IN_BOTH_SCOPES(ROUTE_GET, "/findings", LIMIT_READ, findings_list),
	IN_BOTH_SCOPES(ROUTE_GET, "/findings/{finding}", LIMIT_READ, findings_get),
	IN_BOTH_SCOPES(ROUTE_PATCH, "/findings/{finding}", LIMIT_WRITE, findings_patch),
};
/* clang-format on */

struct api {
	struct api_context context;
	struct http_server *server;
	struct bootstrap *bootstrap;
	struct events_stats events_stats;
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
		.query_time_us = 10 * INT64_C(1000000),
		.query_memory_bytes = (size_t)64 << 20,
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
	api->context.events_stats = &api->events_stats;
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
