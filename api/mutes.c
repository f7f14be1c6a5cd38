/* mutes.c - what nobody wants to hear of, for a time */
#include <stdlib.h>

#include "api/body.h"
#include "api/list.h"
#include "api/triage.h"

#define NAME_BYTES_MAX 512

#define MUTE_COLUMNS                                                                        \
	"id, rule_id, group_id, service, host, " SQL_TIME_US("starts_at") ", " SQL_TIME_US( \
		"ends_at") ", reason, " SQL_TIME_US("created_at") ", starts_at <= now()"    \
								  " AND coalesce(ends_at > now(), true)"

static const struct column columns[] = {
	{ "id", COLUMN_INT },          { "rule", COLUMN_TEXT },
	{ "group", COLUMN_INT },       { "service", COLUMN_TEXT },
	{ "host", COLUMN_TEXT },       { "starts_at", COLUMN_TIME },
	{ "ends_at", COLUMN_TIME },    { "reason", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME }, { "active", COLUMN_BOOL },
};

static const struct list mute_list = {
	.sql = "SELECT " MUTE_COLUMNS " FROM siftd.mutes WHERE project_id = $1"
	       " AND coalesce(ends_at > now(), true) AND id < $2"
	       " ORDER BY id DESC LIMIT $3",
	.columns = columns,
	.columns_count = ARRAY_LEN(columns),
	.kind = 'm',
	.descending = true,
};

void mutes_list(struct request *request)
{
	struct db_call call = { .sql = mute_list.sql };

	db_add_int(request, &call, request->caller.project_id);
	list_run(request, &mute_list, &call);
}

/* a group must be one of the project; it is stored under the id that it has now */
static const char create_sql[] =
	"INSERT INTO siftd.mutes (project_id, rule_id, group_id, service, host,"
	"  starts_at, ends_at, reason, user_id)"
	" SELECT $1, $2, siftd.find_group($1, $3::bigint, NULL), $4, $5,"
	"  coalesce(to_timestamp($6::bigint / 1000000.0), now()),"
	"  to_timestamp($7::bigint / 1000000.0), coalesce($8, ''), $9"
	" WHERE ($3::bigint IS NULL OR siftd.find_group($1, $3::bigint, NULL) IS NOT NULL)"
	"  AND (SELECT count(*) FROM siftd.mutes WHERE project_id = $1"
	"   AND coalesce(ends_at > now(), true)) < " MUTES_MAX
	" RETURNING " MUTE_COLUMNS;

static void on_created(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_problem_field(
			request, "group",
			"There is no such group, or the project has " MUTES_MAX
			" mutes already.");
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, columns, ARRAY_LEN(columns));
	json_object_end(&out);
	request_reply_json(request, 201);
}

/* both are numbers in text */
static bool is_after(struct slice a, struct slice b)
{
	if (a.ptr == NULL || b.ptr == NULL)
		return true;
	return strtoll(a.ptr, NULL, 10) > strtoll(b.ptr, NULL, 10);
}

struct mute {
	struct slice rule, service, host;
	int64_t group; /* 0: none is named */
	struct slice starts, ends;
	struct slice reason;
};

/* false: it was answered */
static bool read_mute(struct request *request, struct mute *out)
{
	const struct body_bounds bounds = { 0, NAME_BYTES_MAX };
	struct body body = { 0 };

	if (!body_read(request, &body))
		return false;
	out->rule = body_string(&body, "rule", bounds);
	out->service = body_string(&body, "service", bounds);
	out->host = body_string(&body, "host", bounds);
	if (body_has(&body, "group"))
		out->group = body_id(&body, "group");
	out->starts = body_time(&body, "starts_at");
	out->ends = body_time(&body, "ends_at");
	out->reason = body_string(&body, "reason",
				  (struct body_bounds){ 0, TRIAGE_NOTE_MAX });
	if (!is_after(out->ends, out->starts))
		body_complain(&body, "ends_at", "must be after starts_at");
	if (out->rule.ptr == NULL && out->service.ptr == NULL &&
	    out->host.ptr == NULL && !body_has(&body, "group") && out->ends.ptr == NULL)
		body_complain(&body, "ends_at",
			      "is needed where no rule, group, service or host is "
			      "named");
	return body_done(&body);
}

void mutes_create(struct request *request)
{
	struct db_call call = { .sql = create_sql, .done = on_created };
	struct mute mute = { 0 };

	if (!read_mute(request, &mute))
		return;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, mute.rule);
	if (mute.group > 0)
		db_add_int(request, &call, mute.group);
	else
		db_add_text(&call, (struct slice){ 0 });
	db_add_text(&call, mute.service);
	db_add_text(&call, mute.host);
	db_add_text(&call, mute.starts);
	db_add_text(&call, mute.ends);
	db_add_text(&call, mute.reason);
	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}

void mutes_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.mutes WHERE project_id = $1 AND id = $2",
	};
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "mute"), &id)) {
		request_not_found(request, "mute");
		return;
	}
	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, id);
	object_run_change(request, "mute", &call);
}
