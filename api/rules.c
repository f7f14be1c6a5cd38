/* rules.c - a rule is compiled and passes its own cases before it is stored */
#include "api/rules.h"

#include "api/body.h"
#include "api/context.h"
#include "api/list.h"
#include "api/query_workers.h"
#include "api/rule_trial.h"
#include "base/clock.h"
#include "base/mem.h"

#define TEXT_BYTES_MAX ((size_t)4 * 1024 * 1024)

#define RULE_COLUMNS                                                                   \
	"rule_id, title, severity, round(confidence / 100.0, 2), nullif(window_type, " \
	"''), 'project', " SQL_TIME_US("updated_at")

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },           { "title", COLUMN_TEXT },
	{ "severity", COLUMN_SEVERITY }, { "confidence", COLUMN_NUMBER },
	{ "window", COLUMN_TEXT },       { "origin", COLUMN_TEXT },
	{ "updated_at", COLUMN_TIME },   { "source", COLUMN_TEXT }, /* of one only */
};

#define LIST_COLUMNS (ARRAY_LEN(columns) - 1)

enum purpose { PURPOSE_CREATE, PURPOSE_REPLACE, PURPOSE_TRY };

/* outlives the request when the client goes away */
struct check {
	struct request *request; /* NULL: it has gone */
	struct query_job *job;
	struct rule_trial trial;
	enum purpose purpose;
};

static void write_texts(struct json_out *out, const char *key, const char *const *texts,
			size_t count)
{
	json_key(out, key);
	json_array_begin(out);
	for (size_t i = 0; i < count; i++)
		json_out_string(out, slice_str(texts[i]));
	json_array_end(out);
}

static void write_shipped(struct json_out *out, const struct rule *rule)
{
	const char *window = window_type_name(rule->window.type);

	json_key_string(out, "id", slice_str(rule->id));
	json_key_string(out, "title", slice_str(rule->title));
	json_key_string(out, "severity",
			slice_str(finding_severity_name(rule->severity)));
	json_key(out, "confidence");
	json_double(out, rule->confidence / 100.0, 2);
	json_key(out, "window");
	if (window[0] == '\0')
		json_out_null(out);
	else
		json_out_string(out, slice_str(window));
	json_key_string(out, "origin", SLICE("shipped"));
	json_key(out, "updated_at");
	json_out_null(out);
}

static const struct rule *find_shipped(const struct request *request, struct slice id)
{
	const struct rules *rules = request->api->deps.rules;

	for (size_t i = 0; rules != NULL && i < rules_count(rules); i++) {
		if (slice_equal(id, slice_str(rules_get(rules, i)->id)))
			return rules_get(rules, i);
	}
	return NULL;
}

static void on_list(struct request *request, const struct pg_rows *rows)
{
	const struct rules *shipped = request->api->deps.rules;
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key(&out, "items");
	json_array_begin(&out);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		json_object_begin(&out);
		columns_write(&out, rows, i, columns, LIST_COLUMNS);
		json_object_end(&out);
	}
	for (size_t i = 0; shipped != NULL && i < rules_count(shipped); i++) {
		if (rules_get(shipped, i)->is_partner)
			continue;
		json_object_begin(&out);
		write_shipped(&out, rules_get(shipped, i));
		json_object_end(&out);
	}
	json_array_end(&out);
	json_object_end(&out);
	request_reply_json(request, 200);
}

void rules_list(struct request *request)
{
	struct db_call call = {
		.sql = "SELECT " RULE_COLUMNS " FROM siftd.rules WHERE project_id = $1"
		       " ORDER BY rule_id",
		.done = on_list,
	};

	db_add_int(request, &call, request->caller.project_id);
	db_run(request, &call);
}

static void answer_shipped(struct request *request, const struct rule *rule)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	write_shipped(&out, rule);
	json_key(&out, "description");
	if (rule->description == NULL)
		json_out_null(&out);
	else
		json_out_string(&out, slice_str(rule->description));
	write_texts(&out, "first_checks", rule->first_checks, rule->first_checks_count);
	write_texts(&out, "references", rule->references, rule->references_count);
	json_object_end(&out);
	request_reply_json(request, 200);
}

void rules_get_one(struct request *request)
{
	static const struct object object = { .what = "rule",
					      .columns = columns,
					      .columns_count = ARRAY_LEN(columns),
					      .status = 200 };
	struct slice id = route_param(&request->params, "rule");
	const struct rule *shipped = find_shipped(request, id);
	struct db_call call = {
		.sql = "SELECT " RULE_COLUMNS ", source FROM siftd.rules"
		       " WHERE project_id = $1 AND rule_id = $2",
	};

	if (shipped != NULL) {
		answer_shipped(request, shipped);
		return;
	}
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, id);
	object_run(request, &object, &call);
}

static void tell_daemon(const struct request *request)
{
	const struct api_deps *deps = &request->api->deps;

	if (deps->rules_changed != NULL)
		deps->rules_changed(deps->rules_context);
}

static void on_stored(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);
	const enum purpose *purpose = request->state;

	if (pg_rows_count(rows) == 0) {
		if (*purpose == PURPOSE_REPLACE)
			request_not_found(request, "rule");
		else
			request_problem(request, 409,
					"The project has " RULES_OWN_MAX
					" rules already.");
		return;
	}
	tell_daemon(request);
	json_object_begin(&out);
	columns_write(&out, rows, 0, columns, ARRAY_LEN(columns));
	json_object_end(&out);
	request_reply_json(request, *purpose == PURPOSE_CREATE ? 201 : 200);
}

static const char create_sql[] =
	"INSERT INTO siftd.rules (project_id, rule_id, source, title, severity,"
	"  confidence, window_type, user_id) SELECT $1, $2, $3, $4, $5::smallint,"
	"  $6::smallint, $7, $8 WHERE (SELECT count(*) FROM siftd.rules WHERE project_id = $1) < " RULES_OWN_MAX
	" RETURNING " RULE_COLUMNS ", source";
static const char replace_sql[] =
	"UPDATE siftd.rules SET source = $3, title = $4, severity = $5::smallint,"
	"  confidence = $6::smallint, window_type = $7, user_id = $8, updated_at = now()"
	" WHERE project_id = $1 AND rule_id = $2 RETURNING " RULE_COLUMNS ", source";

static void store(struct request *request, const struct check *check)
{
	const struct rule *rule = rules_get(check->trial.rules, 0);
	enum purpose *purpose = request_alloc(request, sizeof(*purpose));
	struct db_call call = {
		.sql = check->purpose == PURPOSE_CREATE ? create_sql : replace_sql,
		.done = on_stored,
		.conflict = "The project has a rule of this id already.",
	};
	struct arena *arena = &request->arena;

	if (find_shipped(request, slice_str(rule->id)) != NULL) {
		request_problem_field(request, "source",
				      "A rule that came with siftd has the id %s.",
				      rule->id);
		return;
	}
	if (check->purpose == PURPOSE_REPLACE &&
	    !slice_equal(slice_str(rule->id), route_param(&request->params, "rule"))) {
		request_problem_field(request, "source", "The id must stay %.*s.",
				      (int)route_param(&request->params, "rule").len,
				      route_param(&request->params, "rule").ptr);
		return;
	}
	*purpose = check->purpose;
	request->state = purpose;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, arena_dup(arena, slice_str(rule->id)));
	db_add_text(&call, arena_dup(arena, slice_str(check->trial.source)));
	db_add_text(&call, arena_dup(arena, slice_str(rule->title)));
	db_add_int(request, &call, rule->severity);
	db_add_int(request, &call, rule->confidence);
	db_add_text(&call, slice_str(window_type_name(rule->window.type)));
	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}

static void run_check(struct query_job *job, void *context)
{
	struct check *check = context;

	(void)job;
	rule_trial_run(&check->trial);
}

static void on_checked(void *context, bool cancelled)
{
	struct check *check = context;
	struct request *request = check->request;

	if (request != NULL) {
		request_on_cancel(request, NULL, NULL);
		if (cancelled) {
			request_unavailable(request, "siftd is stopping.");
		} else if (!check->trial.good) {
			request_problem_field(request, "source", "%s",
					      check->trial.error.text);
		} else if (check->purpose == PURPOSE_TRY) {
			buf_append_slice(&request->out,
					 buf_slice(&check->trial.result));
			request_reply_json(request, 200);
		} else {
			store(request, check);
		}
	}
	rule_trial_deinit(&check->trial);
	mem_free(check);
}

static void on_gone(void *context)
{
	struct check *check = context;

	check->request = NULL;
	query_job_cancel(check->job);
}

static void check_rule(struct request *request, enum purpose purpose)
{
	struct body body = { 0 };
	struct slice source = { 0 };
	struct slice text = { 0 };
	struct check *check = NULL;

	if (!body_read(request, &body))
		return;
	source = body_string(&body, "source",
			     (struct body_bounds){ 1, RULES_SOURCE_MAX });
	if (purpose == PURPOSE_TRY)
		text = body_string(&body, "text",
				   (struct body_bounds){ 1, TEXT_BYTES_MAX });
	if (!body_done(&body))
		return;
	check = mem_calloc(1, sizeof(*check));
	check->request = request;
	check->purpose = purpose;
	check->trial.source = mem_slice_dup(source);
	if (text.ptr != NULL)
		check->trial.text = slice_of(mem_slice_dup(text), text.len);
	check->trial.now_us = clock_now_us();
	check->job = query_workers_submit(request->api->deps.workers, run_check,
					  on_checked, check);
	if (check->job == NULL) {
		rule_trial_deinit(&check->trial);
		mem_free(check);
		request_unavailable(request, "Too much is asked at once.");
		return;
	}
	request_on_cancel(request, on_gone, check);
}

void rules_create(struct request *request)
{
	check_rule(request, PURPOSE_CREATE);
}

void rules_replace(struct request *request)
{
	check_rule(request, PURPOSE_REPLACE);
}

void rules_try(struct request *request)
{
	check_rule(request, PURPOSE_TRY);
}

static void on_deleted(struct request *request, const struct pg_rows *rows)
{
	if (pg_rows_affected(rows) == 0) {
		request_not_found(request, "rule");
		return;
	}
	tell_daemon(request);
	request_reply_empty(request);
}

void rules_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.rules WHERE project_id = $1 AND rule_id = $2",
		.done = on_deleted,
	};

	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, route_param(&request->params, "rule"));
	db_run(request, &call);
}
