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

#define ROUTE(method, path, access, limit, handler)                                    \
	{                                                                              \
		method, false, path, access, limit, handler                            \
	}

/* one handler serves a project and an ingestion of it */
#define IN_BOTH_SCOPES(method, path, access, limit, handler)                           \
	ROUTE(method, PROJECT path, access, limit, handler),                           \
		ROUTE(method, INGESTION path, access, limit, handler)

/* what all readers of a project see alike */
#define READ(path, handler)                                                            \
	{                                                                              \
		ROUTE_GET, true, path, ACCESS_READER, LIMIT_READ, handler              \
	}
#define READ_IN_BOTH_SCOPES(path, handler)                                             \
	READ(PROJECT path, handler), READ(INGESTION path, handler)

/* what Elasticsearch's clients look for and put before they send */
#define ELASTIC_SETTING(path)                                                          \
	ROUTE(ROUTE_GET, path, ACCESS_SENDER, LIMIT_PUSH, push_elastic_found),         \
		ROUTE(ROUTE_PUT, path, ACCESS_SENDER, LIMIT_PUSH,                      \
		      push_elastic_acknowledge)

/* clang-format off */
static const struct route routes[] = {
	ROUTE(ROUTE_GET, "/healthz", ACCESS_PUBLIC, LIMIT_NONE, status_health),
	ROUTE(ROUTE_GET, "/health", ACCESS_PUBLIC, LIMIT_NONE, status_health),
	ROUTE(ROUTE_GET, "/readyz", ACCESS_PUBLIC, LIMIT_NONE, status_ready),
	ROUTE(ROUTE_GET, "/version", ACCESS_PUBLIC, LIMIT_NONE, status_version),
	ROUTE(ROUTE_GET, "/metrics", ACCESS_PUBLIC, LIMIT_NONE, status_metrics),
	ROUTE(ROUTE_GET, "/openapi.yaml", ACCESS_PUBLIC, LIMIT_NONE, status_openapi),

	ROUTE(ROUTE_POST, V1 "/auth/register", ACCESS_PUBLIC, LIMIT_REGISTER,
	  auth_register),
	ROUTE(ROUTE_POST, V1 "/auth/login", ACCESS_PUBLIC, LIMIT_LOGIN, auth_login),
	ROUTE(ROUTE_POST, V1 "/auth/logout", ACCESS_USER, LIMIT_WRITE, auth_logout),
	ROUTE(ROUTE_GET, V1 "/auth/me", ACCESS_USER, LIMIT_READ, auth_me),
	ROUTE(ROUTE_POST, V1 "/auth/password", ACCESS_USER, LIMIT_LOGIN, auth_password),
	ROUTE(ROUTE_GET, V1 "/auth/key", ACCESS_SENDER, LIMIT_READ, keys_own),
	ROUTE(ROUTE_GET, V1 "/auth/sessions", ACCESS_USER, LIMIT_READ, sessions_list),
	ROUTE(ROUTE_DELETE, V1 "/auth/sessions/{session}", ACCESS_USER, LIMIT_WRITE, sessions_delete),
	ROUTE(ROUTE_GET, V1 "/invitations/{token}", ACCESS_PUBLIC, LIMIT_LOGIN, joining_look),
	ROUTE(ROUTE_POST, V1 "/invitations/{token}/accept", ACCESS_PUBLIC, LIMIT_REGISTER,
	  joining_accept),

	ROUTE(ROUTE_GET, V1 "/sources", ACCESS_USER, LIMIT_READ, sources_list),

	ROUTE(ROUTE_GET, V1 "/orgs", ACCESS_USER, LIMIT_READ, orgs_list),
	ROUTE(ROUTE_POST, V1 "/orgs", ACCESS_USER, LIMIT_WRITE, orgs_create),
	ROUTE(ROUTE_GET, ORG, ACCESS_MEMBER, LIMIT_READ, orgs_get),
	ROUTE(ROUTE_PATCH, ORG, ACCESS_ADMIN, LIMIT_WRITE, orgs_patch),
	ROUTE(ROUTE_DELETE, ORG, ACCESS_ADMIN, LIMIT_WRITE, orgs_delete),
	ROUTE(ROUTE_GET, ORG "/users", ACCESS_MEMBER, LIMIT_READ, users_list),
	ROUTE(ROUTE_POST, ORG "/users", ACCESS_ADMIN, LIMIT_WRITE, invitations_create),
	ROUTE(ROUTE_GET, ORG "/users/{user}", ACCESS_MEMBER, LIMIT_READ, users_get),
	ROUTE(ROUTE_PATCH, ORG "/users/{user}", ACCESS_ADMIN, LIMIT_WRITE, users_patch),
	ROUTE(ROUTE_DELETE, ORG "/users/{user}", ACCESS_ADMIN, LIMIT_WRITE, users_delete),
	ROUTE(ROUTE_GET, ORG "/invitations", ACCESS_ADMIN, LIMIT_READ, invitations_list),
	ROUTE(ROUTE_POST, ORG "/invitations", ACCESS_ADMIN, LIMIT_WRITE, invitations_create),
	ROUTE(ROUTE_DELETE, ORG "/invitations/{invitation}", ACCESS_ADMIN, LIMIT_WRITE,
	  invitations_delete),
	ROUTE(ROUTE_GET, ORG "/audit", ACCESS_ADMIN, LIMIT_READ, audit_list),

	ROUTE(ROUTE_GET, ORG "/projects", ACCESS_MEMBER, LIMIT_READ, projects_list),
	ROUTE(ROUTE_POST, ORG "/projects", ACCESS_ADMIN, LIMIT_WRITE, projects_create),
	READ(PROJECT, projects_get),
	ROUTE(ROUTE_PATCH, PROJECT, ACCESS_ADMIN, LIMIT_WRITE, projects_patch),
	ROUTE(ROUTE_DELETE, PROJECT, ACCESS_ADMIN, LIMIT_WRITE, projects_delete),

	ROUTE(ROUTE_GET, PROJECT "/keys", ACCESS_MEMBER, LIMIT_READ, keys_list),
	ROUTE(ROUTE_POST, PROJECT "/keys", ACCESS_ADMIN, LIMIT_WRITE, keys_create),
	ROUTE(ROUTE_GET, PROJECT "/keys/{key}", ACCESS_MEMBER, LIMIT_READ, keys_get),
	ROUTE(ROUTE_DELETE, PROJECT "/keys/{key}", ACCESS_ADMIN, LIMIT_WRITE, keys_delete),

	ROUTE(ROUTE_POST, PROJECT "/push", ACCESS_PUSHER, LIMIT_PUSH, push_lines_route),

	READ(PROJECT "/ingestions", ingestions_list),
	ROUTE(ROUTE_POST, PROJECT "/ingestions", ACCESS_PUSHER, LIMIT_WRITE, ingestions_create),
	READ(INGESTION, ingestions_get),
	ROUTE(ROUTE_DELETE, INGESTION, ACCESS_MEMBER, LIMIT_WRITE, ingestions_delete),
	ROUTE(ROUTE_POST, INGESTION "/logs/paste", ACCESS_PUSHER, LIMIT_WRITE, intake_paste),
	ROUTE(ROUTE_POST, INGESTION "/logs/upload", ACCESS_PUSHER, LIMIT_WRITE, intake_upload),

	/* what other shippers know, where they expect it; an API key names the project */
	ROUTE(ROUTE_POST, "/loki/api/v1/push", ACCESS_SENDER, LIMIT_PUSH, push_loki_route),
	ROUTE(ROUTE_POST, "/v1/logs", ACCESS_SENDER, LIMIT_PUSH, push_otlp_route),
	ROUTE(ROUTE_POST, "/services/collector", ACCESS_SENDER, LIMIT_PUSH, push_hec_event),
	ROUTE(ROUTE_POST, "/services/collector/event", ACCESS_SENDER, LIMIT_PUSH, push_hec_event),
	ROUTE(ROUTE_POST, "/services/collector/event/1.0", ACCESS_SENDER, LIMIT_PUSH, push_hec_event),
	ROUTE(ROUTE_POST, "/services/collector/raw", ACCESS_SENDER, LIMIT_PUSH, push_hec_raw),
	ROUTE(ROUTE_POST, "/services/collector/raw/1.0", ACCESS_SENDER, LIMIT_PUSH, push_hec_raw),
	ROUTE(ROUTE_POST, "/services/collector/ack", ACCESS_SENDER, LIMIT_PUSH, push_hec_ack),
	ROUTE(ROUTE_GET, "/services/collector/health", ACCESS_PUBLIC, LIMIT_NONE, push_hec_health),
	ROUTE(ROUTE_GET, "/services/collector/health/1.0", ACCESS_PUBLIC, LIMIT_NONE, push_hec_health),
	ROUTE(ROUTE_POST, "/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk),
	ROUTE(ROUTE_PUT, "/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk),
	ROUTE(ROUTE_POST, "/{index}/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk),
	ROUTE(ROUTE_PUT, "/{index}/_bulk", ACCESS_SENDER, LIMIT_PUSH, push_elastic_bulk),
	ROUTE(ROUTE_POST, "/{index}/_doc", ACCESS_SENDER, LIMIT_PUSH, push_elastic_document),
	ROUTE(ROUTE_GET, "/", ACCESS_SENDER, LIMIT_PUSH, push_elastic_root),
	ROUTE(ROUTE_GET, "/_license", ACCESS_SENDER, LIMIT_PUSH, push_elastic_license),
	ROUTE(ROUTE_GET, "/_xpack", ACCESS_SENDER, LIMIT_PUSH, push_elastic_xpack),
	ROUTE(ROUTE_GET, "/_cluster/health", ACCESS_SENDER, LIMIT_PUSH, push_elastic_cluster),
	ELASTIC_SETTING("/_template/{name}"),
	ELASTIC_SETTING("/_index_template/{name}"),
	ELASTIC_SETTING("/_component_template/{name}"),
	ELASTIC_SETTING("/_data_stream/{name}"),
	ELASTIC_SETTING("/_ilm/policy/{name}"),
	ELASTIC_SETTING("/_ingest/pipeline/{name}"),

	ROUTE(ROUTE_OPTIONS, INGESTION "/uploads", ACCESS_PUSHER, LIMIT_READ, tus_options),
	ROUTE(ROUTE_POST, INGESTION "/uploads", ACCESS_PUSHER, LIMIT_WRITE, tus_create),
	ROUTE(ROUTE_GET, INGESTION "/uploads/{upload}", ACCESS_PUSHER, LIMIT_READ, tus_get),
	ROUTE(ROUTE_PATCH, INGESTION "/uploads/{upload}", ACCESS_PUSHER, LIMIT_PUSH, tus_append),
	ROUTE(ROUTE_DELETE, INGESTION "/uploads/{upload}", ACCESS_PUSHER, LIMIT_WRITE, tus_delete),

	READ_IN_BOTH_SCOPES("/overview", overview_get),
	READ_IN_BOTH_SCOPES("/events", event_routes_list),
	/* before {seq}, which any word matches */
	READ_IN_BOTH_SCOPES("/events/histogram", event_histogram),
	READ_IN_BOTH_SCOPES("/events/facets", event_facets),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/export", ACCESS_READER, LIMIT_READ, event_export),
	IN_BOTH_SCOPES(ROUTE_GET, "/events/tail", ACCESS_READER, LIMIT_READ, event_tail),
	READ_IN_BOTH_SCOPES("/events/{seq}", event_routes_get),
	READ_IN_BOTH_SCOPES("/events/{seq}/context", event_routes_context),
	READ_IN_BOTH_SCOPES("/groups", groups_list),
	READ_IN_BOTH_SCOPES("/groups/{group}", groups_get),
	IN_BOTH_SCOPES(ROUTE_PATCH, "/groups/{group}", ACCESS_MEMBER, LIMIT_WRITE, triage_group),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/{group}/merge", ACCESS_MEMBER, LIMIT_WRITE,
		       decisions_merge),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/{group}/split", ACCESS_MEMBER, LIMIT_WRITE,
		       decisions_split),
	IN_BOTH_SCOPES(ROUTE_POST, "/groups/merges/{merge}/undo", ACCESS_MEMBER, LIMIT_WRITE,
		       decisions_undo),
	READ_IN_BOTH_SCOPES("/findings", findings_list),
	READ_IN_BOTH_SCOPES("/findings/{finding}", findings_get),
	IN_BOTH_SCOPES(ROUTE_PATCH, "/findings/{finding}", ACCESS_MEMBER, LIMIT_WRITE, triage_finding),

	READ_IN_BOTH_SCOPES("/insights", insights_list),
	IN_BOTH_SCOPES(ROUTE_POST, "/insights", ACCESS_MEMBER, LIMIT_INSIGHT, insights_make),

	READ(PROJECT "/rules", rules_list),
	ROUTE(ROUTE_POST, PROJECT "/rules", ACCESS_ADMIN, LIMIT_WRITE, rules_create),
	/* before {rule} */
	ROUTE(ROUTE_POST, PROJECT "/rules/test", ACCESS_MEMBER, LIMIT_WRITE, rules_try),
	ROUTE(ROUTE_POST, PROJECT "/rules/backtest", ACCESS_MEMBER, LIMIT_WRITE,
	  backtest_route),
	READ(PROJECT "/rules/{rule}", rules_get_one),
	ROUTE(ROUTE_PUT, PROJECT "/rules/{rule}", ACCESS_ADMIN, LIMIT_WRITE, rules_replace),
	ROUTE(ROUTE_DELETE, PROJECT "/rules/{rule}", ACCESS_ADMIN, LIMIT_WRITE, rules_delete),
	READ(PROJECT "/channels", channels_list),
	ROUTE(ROUTE_POST, PROJECT "/channels", ACCESS_ADMIN, LIMIT_WRITE, channels_create),
	READ(PROJECT "/channels/{channel}", channels_get),
	ROUTE(ROUTE_DELETE, PROJECT "/channels/{channel}", ACCESS_ADMIN, LIMIT_WRITE,
	  channels_delete),
	ROUTE(ROUTE_POST, PROJECT "/channels/{channel}/test", ACCESS_ADMIN, LIMIT_WRITE,
	  channels_test),
	READ(PROJECT "/mutes", mutes_list),
	ROUTE(ROUTE_POST, PROJECT "/mutes", ACCESS_MEMBER, LIMIT_WRITE, mutes_create),
	ROUTE(ROUTE_DELETE, PROJECT "/mutes/{mute}", ACCESS_MEMBER, LIMIT_WRITE, mutes_delete),
};
/* clang-format on */

const struct route_table api_routes = { routes, ARRAY_LEN(routes) };
