/* routes.c - the table of routes: what is served, and who may call it */
#include "api/routes.h"

#include "api/audit.h"
#include "api/auth.h"
#include "api/backtest_route.h"
#include "api/channels.h"
#include "api/decisions.h"
#include "api/event_counts.h"
#include "api/event_export.h"
#include "api/event_routes.h"
#include "api/event_tail.h"
#include "api/findings.h"
#include "api/groups.h"
#include "api/ingestions.h"
#include "api/insights.h"
#include "api/intake.h"
#include "api/invitations.h"
#include "api/joining.h"
#include "api/keys.h"
#include "api/orgs.h"
#include "api/overview.h"
#include "api/projects.h"
#include "api/push_elastic.h"
#include "api/push_hec.h"
#include "api/push_lines.h"
#include "api/push_loki.h"
#include "api/push_otlp.h"
#include "api/rules.h"
#include "api/sessions.h"
#include "api/sources.h"
#include "api/status.h"
#include "api/triage.h"
#include "api/tus.h"
#include "api/users.h"
#include "base/compiler.h"

#define V1 "/api/v1"
#define ORG V1 "/orgs/{org}"
#define PROJECT ORG "/projects/{project}"
#define INGESTION PROJECT "/ingestions/{ingestion}"

/* one handler serves a project and an ingestion of it */
#define IN_BOTH_SCOPES(method, path, access, limit, handler)                           \
	{ method, PROJECT path, access, limit, handler },                              \
	{                                                                              \
		method, INGESTION path, access, limit, handler                         \
	}

/* what Elasticsearch's clients look for and put before they send */
#define ELASTIC_SETTING(path)                                                          \
	{ ROUTE_GET, path, ACCESS_SENDER, LIMIT_PUSH, push_elastic_found },            \
	{                                                                              \
		ROUTE_PUT, path, ACCESS_SENDER, LIMIT_PUSH, push_elastic_acknowledge   \
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
	{ ROUTE_GET, V1 "/auth/key", ACCESS_SENDER, LIMIT_READ, keys_own },
	{ ROUTE_GET, V1 "/auth/sessions", ACCESS_USER, LIMIT_READ, sessions_list },
	{ ROUTE_DELETE, V1 "/auth/sessions/{session}", ACCESS_USER, LIMIT_WRITE, sessions_delete },
	{ ROUTE_GET, V1 "/invitations/{token}", ACCESS_PUBLIC, LIMIT_LOGIN, joining_look },
	{ ROUTE_POST, V1 "/invitations/{token}/accept", ACCESS_PUBLIC, LIMIT_REGISTER,
	  joining_accept },

	{ ROUTE_GET, V1 "/sources", ACCESS_USER, LIMIT_READ, sources_list },

	{ ROUTE_GET, V1 "/orgs", ACCESS_USER, LIMIT_READ, orgs_list },
	{ ROUTE_POST, V1 "/orgs", ACCESS_USER, LIMIT_WRITE, orgs_create },
	{ ROUTE_GET, ORG, ACCESS_MEMBER, LIMIT_READ, orgs_get },
	{ ROUTE_PATCH, ORG, ACCESS_ADMIN, LIMIT_WRITE, orgs_patch },
	{ ROUTE_DELETE, ORG, ACCESS_ADMIN, LIMIT_WRITE, orgs_delete },
	{ ROUTE_GET, ORG "/users", ACCESS_MEMBER, LIMIT_READ, users_list },
	{ ROUTE_POST, ORG "/users", ACCESS_ADMIN, LIMIT_WRITE, invitations_create },
	{ ROUTE_GET, ORG "/users/{user}", ACCESS_MEMBER, LIMIT_READ, users_get },
	{ ROUTE_PATCH, ORG "/users/{user}", ACCESS_ADMIN, LIMIT_WRITE, users_patch },
	{ ROUTE_DELETE, ORG "/users/{user}", ACCESS_ADMIN, LIMIT_WRITE, users_delete },
	{ ROUTE_GET, ORG "/invitations", ACCESS_ADMIN, LIMIT_READ, invitations_list },
	{ ROUTE_POST, ORG "/invitations", ACCESS_ADMIN, LIMIT_WRITE, invitations_create },
	{ ROUTE_DELETE, ORG "/invitations/{invitation}", ACCESS_ADMIN, LIMIT_WRITE,
	  invitations_delete },
	{ ROUTE_GET, ORG "/audit", ACCESS_ADMIN, LIMIT_READ, audit_list },

	{ ROUTE_GET, ORG "/projects", ACCESS_MEMBER, LIMIT_READ, projects_list },
	{ ROUTE_POST, ORG "/projects", ACCESS_ADMIN, LIMIT_WRITE, projects_create },
	{ ROUTE_GET, PROJECT, ACCESS_READER, LIMIT_READ, projects_get },
	{ ROUTE_PATCH, PROJECT, ACCESS_ADMIN, LIMIT_WRITE, projects_patch },
	{ ROUTE_DELETE, PROJECT, ACCESS_ADMIN, LIMIT_WRITE, projects_delete },

	{ ROUTE_GET, PROJECT "/keys", ACCESS_MEMBER, LIMIT_READ, keys_list },
	{ ROUTE_POST, PROJECT "/keys", ACCESS_ADMIN, LIMIT_WRITE, keys_create },
	{ ROUTE_GET, PROJECT "/keys/{key}", ACCESS_MEMBER, LIMIT_READ, keys_get },
	{ ROUTE_DELETE, PROJECT "/keys/{key}", ACCESS_ADMIN, LIMIT_WRITE, keys_delete },

	{ ROUTE_POST, PROJECT "/push", ACCESS_PUSHER, LIMIT_PUSH, push_lines_route },

	{ ROUTE_GET, PROJECT "/ingestions", ACCESS_READER, LIMIT_READ, ingestions_list },
	{ ROUTE_POST, PROJECT "/ingestions", ACCESS_PUSHER, LIMIT_WRITE, ingestions_create },
	{ ROUTE_GET, INGESTION, ACCESS_READER, LIMIT_READ, ingestions_get },
	{ ROUTE_DELETE, INGESTION, ACCESS_MEMBER, LIMIT_WRITE, ingestions_delete },
	{ ROUTE_POST, INGESTION "/logs/paste", ACCESS_PUSHER, LIMIT_WRITE, intake_paste },
	{ ROUTE_POST, INGESTION "/logs/upload", ACCESS_PUSHER, LIMIT_WRITE, intake_upload },

	/* what other shippers know, where they expect it; an API key names the project */
	{ ROUTE_POST, "/loki/api/v1/push", ACCESS_SENDER, LIMIT_PUSH, push_loki_route },
	{ ROUTE_POST, "/v1/logs", ACCESS_SENDER, LIMIT_PUSH, push_otlp_route },
	{ ROUTE_POST, "/services/collector", ACCESS_SENDER, LIMIT_PUSH, push_hec_event },
	{ ROUTE_POST, "/services/collector/event", ACCESS_SENDER, LIMIT_PUSH, push_hec_event },
	{ ROUTE_POST, "/services/collector/event/1.0", ACCESS_SENDER, LIMIT_PUSH, push_hec_event },
	{ ROUTE_POST, "/services/collector/raw", ACCESS_SENDER, LIMIT_PUSH, push_hec_raw },
	{ ROUTE_POST, "/services/collector/raw/1.0", ACCESS_SENDER, LIMIT_PUSH, push_hec_raw },
	{ ROUTE_POST, "/services/collector/ack", ACCESS_SENDER, LIMIT_PUSH, push_hec_ack },
	{ ROUTE_GET, "/services/collector/health", ACCESS_PUBLIC, LIMIT_NONE, push_hec_health },
	{ ROUTE_GET, "/services/collector/health/1.0", ACCESS_PUBLIC, LIMIT_NONE, push_hec_health },
	{ ROUTE_POST, "/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk },
	{ ROUTE_PUT, "/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk },
	{ ROUTE_POST, "/{index}/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk },
	{ ROUTE_PUT, "/{index}/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk },
	{ ROUTE_POST, "/{index}/_doc", ACCESS_SENDER, LIMIT_PUSH, push_elastic_document },
	{ ROUTE_GET, "/", ACCESS_SENDER, LIMIT_PUSH, push_elastic_root },
	{ ROUTE_GET, "/_license", ACCESS_SENDER, LIMIT_PUSH, push_elastic_license },
	{ ROUTE_GET, "/_xpack", ACCESS_SENDER, LIMIT_PUSH, push_elastic_xpack },
	{ ROUTE_GET, "/_cluster/health", ACCESS_SENDER, LIMIT_PUSH, push_elastic_cluster },
	ELASTIC_SETTING("/_template/{name}"),
	ELASTIC_SETTING("/_index_template/{name}"),
	ELASTIC_SETTING("/_component_template/{name}"),
	ELASTIC_SETTING("/_data_stream/{name}"),
	ELASTIC_SETTING("/_ilm/policy/{name}"),
	ELASTIC_SETTING("/_ingest/pipeline/{name}"),

	{ ROUTE_OPTIONS, INGESTION "/uploads", ACCESS_PUSHER, LIMIT_READ, tus_options },
	{ ROUTE_POST, INGESTION "/uploads", ACCESS_PUSHER, LIMIT_WRITE, tus_create },
	{ ROUTE_GET, INGESTION "/uploads/{upload}", ACCESS_PUSHER, LIMIT_READ, tus_get },
	{ ROUTE_PATCH, INGESTION "/uploads/{upload}", ACCESS_PUSHER, LIMIT_PUSH, tus_append },
	{ ROUTE_DELETE, INGESTION "/uploads/{upload}", ACCESS_PUSHER, LIMIT_WRITE, tus_delete },

	IN_BOTH_SCOPES(ROUTE_GET, "/overview", ACCESS_READER, LIMIT_READ, overview_get),
	IN_BOTH_SCOPES(ROUTE_GET, "/events", ACCESS_READER, LIMIT_READ, event_routes_list),
	/* before {seq}, which any word matches */
	IN_BOTH_SCOPES(ROUTE_GET, "/events/histogram", ACCESS_READER, LIMIT_READ, event_histogram),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/facets", ACCESS_READER, LIMIT_READ, event_facets),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/export", ACCESS_READER, LIMIT_READ, event_export),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/tail", ACCESS_READER, LIMIT_READ, event_tail),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/{seq}", ACCESS_READER, LIMIT_READ, event_routes_get),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/{seq}/context", ACCESS_READER, LIMIT_READ, event_routes_context),
	IN_BOTH_SCOPES(ROUTE_GET, "/groups", ACCESS_READER, LIMIT_READ, groups_list),
	IN_BOTH_SCOPES(ROUTE_GET, "/groups/{group}", ACCESS_READER, LIMIT_READ, groups_get),
	IN_BOTH_SCOPES(ROUTE_PATCH, "/groups/{group}", ACCESS_MEMBER, LIMIT_WRITE, triage_group),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/{group}/merge", ACCESS_MEMBER, LIMIT_WRITE,
		       decisions_merge),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/{group}/split", ACCESS_MEMBER, LIMIT_WRITE,
		       decisions_split),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/merges/{merge}/undo", ACCESS_MEMBER, LIMIT_WRITE,
		       decisions_undo),
	IN_BOTH_SCOPES(ROUTE_GET, "/findings", ACCESS_READER, LIMIT_READ, findings_list),
	IN_BOTH_SCOPES(ROUTE_GET, "/findings/{finding}", ACCESS_READER, LIMIT_READ, findings_get),
	IN_BOTH_SCOPES(ROUTE_PATCH, "/findings/{finding}", ACCESS_MEMBER, LIMIT_WRITE, triage_finding),

	IN_BOTH_SCOPES(ROUTE_GET, "/insights", ACCESS_READER, LIMIT_READ, insights_list),
	IN_BOTH_SCOPES(ROUTE_POST, "/insights", ACCESS_MEMBER, LIMIT_INSIGHT, insights_make),

	{ ROUTE_GET, PROJECT "/rules", ACCESS_READER, LIMIT_READ, rules_list },
	{ ROUTE_POST, PROJECT "/rules", ACCESS_ADMIN, LIMIT_WRITE, rules_create },
	/* before {rule} */
	{ ROUTE_POST, PROJECT "/rules/test", ACCESS_MEMBER, LIMIT_WRITE, rules_try },
	{ ROUTE_POST, PROJECT "/rules/backtest", ACCESS_MEMBER, LIMIT_WRITE,
	  backtest_route },
	{ ROUTE_GET, PROJECT "/rules/{rule}", ACCESS_READER, LIMIT_READ, rules_get_one },
	{ ROUTE_PUT, PROJECT "/rules/{rule}", ACCESS_ADMIN, LIMIT_WRITE, rules_replace },
	{ ROUTE_DELETE, PROJECT "/rules/{rule}", ACCESS_ADMIN, LIMIT_WRITE, rules_delete },
	{ ROUTE_GET, PROJECT "/channels", ACCESS_READER, LIMIT_READ, channels_list },
	{ ROUTE_POST, PROJECT "/channels", ACCESS_ADMIN, LIMIT_WRITE, channels_create },
	{ ROUTE_GET, PROJECT "/channels/{channel}", ACCESS_READER, LIMIT_READ, channels_get },
	{ ROUTE_DELETE, PROJECT "/channels/{channel}", ACCESS_ADMIN, LIMIT_WRITE,
	  channels_delete },
	{ ROUTE_POST, PROJECT "/channels/{channel}/test", ACCESS_ADMIN, LIMIT_WRITE,
	  channels_test },
	{ ROUTE_GET, PROJECT "/mutes", ACCESS_READER, LIMIT_READ, mutes_list },
	{ ROUTE_POST, PROJECT "/mutes", ACCESS_MEMBER, LIMIT_WRITE, mutes_create },
	{ ROUTE_DELETE, PROJECT "/mutes/{mute}", ACCESS_MEMBER, LIMIT_WRITE, mutes_delete },
};
/* clang-format on */

const struct route_table api_routes = { routes, ARRAY_LEN(routes) };
