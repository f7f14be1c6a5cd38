/* triage.c - setting the status of findings and groups */
#include "api/triage.h"

#include "api/body.h"
#include "api/list.h"

static const struct column finding_columns[] = {
	{ "id", COLUMN_INT },           { "rule", COLUMN_TEXT },
	{ "status", COLUMN_TEXT },      { "updated_at", COLUMN_TIME },
	{ "muted_until", COLUMN_TIME }, { "note", COLUMN_TEXT },
};

static const struct column group_columns[] = {
	{ "id", COLUMN_INT },           { "fingerprint", COLUMN_HEX64 },
	{ "status", COLUMN_TEXT },      { "updated_at", COLUMN_TIME },
	{ "muted_until", COLUMN_TIME },
};

struct decision {
	struct slice status;
	struct slice until; /* microseconds as text; ptr NULL: for good */
	struct slice note;
};

static const char *const muted_word = "muted";

/* false: it was answered */
static bool read_decision(struct request *request, const char *const *words,
			  struct decision *out)
{
	struct body body = { 0 };

	if (!body_read(request, &body))
		return false;
	out->status = body_word(&body, "status", words, NULL);
	out->until = body_time(&body, "until");
	out->note =
		body_string(&body, "note", (struct body_bounds){ 0, TRIAGE_NOTE_MAX });
	if (out->until.ptr != NULL && out->status.ptr != NULL &&
	    !slice_equal(out->status, slice_str(muted_word)))
		body_complain(&body, "until", "goes with the status muted only");
	return body_done(&body);
}

void triage_finding(struct request *request)
{
	static const char *const words[] = { "open", "acknowledged", "resolved",
					     "muted", NULL };
	static const struct object object = {
		.what = "finding",
		.columns = finding_columns,
		.columns_count = ARRAY_LEN(finding_columns),
		.status = 200,
	};
	struct db_call call = {
		.sql = "UPDATE siftd.findings SET status = $3,"
		       "  muted_until = to_timestamp($4::bigint / 1000000.0),"
		       "  note = coalesce($5, note), status_user_id = $6,"
		       "  status_at = now(), updated_at = now()"
		       " WHERE project_id = $1 AND id = $2 AND status <> 'provisional'"
		       " RETURNING id, rule_id, status, " SQL_TIME_US(
			       "updated_at") ", " SQL_TIME_US("muted_until") ", note",
	};
	struct decision decision = { 0 };
	int64_t id = 0;

	if (!read_decision(request, words, &decision))
		return;
	if (!query_id(route_param(&request->params, "finding"), &id)) {
		request_not_found(request, "finding");
		return;
	}
	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, id);
	db_add_text(&call, decision.status);
	db_add_text(&call, decision.until);
	db_add_text(&call, decision.note);
	db_add_int(request, &call, request->caller.user_id);
	object_run(request, &object, &call);
}

void triage_group(struct request *request)
{
	/* regressed is siftd's to say: a resolved group that came back */
	static const char *const words[] = { "open", "resolved", "muted", NULL };
	static const struct object object = {
		.what = "group",
		.columns = group_columns,
		.columns_count = ARRAY_LEN(group_columns),
		.status = 200,
	};
	struct db_call call = {
		.sql = "UPDATE siftd.groups SET status = $4,"
		       "  muted_until = to_timestamp($5::bigint / 1000000.0),"
		       "  updated_at = now() WHERE project_id = $1"
		       "  AND id = siftd.find_group($1, $2::bigint, $3::bigint)"
		       " RETURNING id, root_key, status, " SQL_TIME_US(
			       "updated_at") ", " SQL_TIME_US("muted_until"),
	};
	struct slice text = route_param(&request->params, "group");
	struct slice none = { 0 };
	struct decision decision = { 0 };
	uint64_t key = 0;
	int64_t id = 0;
	bool is_key = query_hex64(text, &key);

	if (!read_decision(request, words, &decision))
		return;
	if (!is_key && !query_id(text, &id)) {
		request_not_found(request, "group");
		return;
	}
	db_add_int(request, &call, request->caller.project_id);
	if (is_key)
		db_add_text(&call, none);
	db_add_int(request, &call, is_key ? (int64_t)key : id);
	if (!is_key)
		db_add_text(&call, none);
	db_add_text(&call, decision.status);
	db_add_text(&call, decision.until);
	object_run(request, &object, &call);
}
