/* decisions.c - the database decides and says where templates went; the learner follows
 */
#include "api/decisions.h"

#include "api/body.h"
#include "api/columns.h"
#include "api/context.h"
#include "api/db.h"
#include "api/query.h"
#include "api/request.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "pipeline/learner.h"

/* as siftd.decision has them */
enum decision_column {
	DECISION_PROBLEM,
	DECISION_ID,
	DECISION_KIND,
	DECISION_GROUP,
	DECISION_OTHER,
	DECISION_MAPPING
};

#define DECISION " SELECT problem, id, kind, group_id, other_id, mapping FROM "
#define OF_PATH "siftd.find_group($1, $2::bigint, $3::bigint)"

static const struct {
	struct slice problem;
	int status;
	const char *field; /* NULL: it is no field's fault */
	const char *detail;
} problems[] = {
	{ { "with", 4 }, 422, "with", "is no group of this project" },
	{ { "same", 4 }, 422, "with", "is the group itself" },
	{ { "fingerprints", 12 }, 422, "fingerprints", "are not all of this group" },
	{ { "all", 3 }, 422, "fingerprints", "are all that the group has" },
	{ { "undone", 6 }, 409, NULL, "This was taken back already." },
};

static void answer_problem(struct request *request, struct slice problem)
{
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		if (!slice_equal(problem, problems[i].problem))
			continue;
		if (problems[i].field == NULL)
			request_problem(request, problems[i].status, "%s",
					problems[i].detail);
		else
			request_problem_field(request, problems[i].field, "%s %s.",
					      problems[i].field, problems[i].detail);
		return;
	}
	request_not_found(request, request->state);
}

/* the next number of "key group key group ..."; false: there is none */
static bool next_number(struct slice *text, int64_t *out)
{
	uint64_t value = 0;
	size_t at = 0;
	bool negative = false;

	while (at < text->len && text->ptr[at] == ' ')
		at++;
	if (at == text->len)
		return false;
	negative = text->ptr[at] == '-';
	for (at += negative; at < text->len && text->ptr[at] != ' '; at++)
		value = value * 10 + (uint64_t)(text->ptr[at] - '0');
	*text = slice_from(*text, at);
	*out = (int64_t)(negative ? 0 - value : value);
	return true;
}

static void tell_learner(struct request *request, struct slice mapping)
{
	const struct api_deps *deps = &request->api->deps;
	struct learner_move *moves = NULL;
	size_t count = 0;
	size_t capacity = 0;
	int64_t key = 0;
	int64_t group = 0;

	while (next_number(&mapping, &key) && next_number(&mapping, &group)) {
		mem_grow(&moves, &capacity, count, sizeof(*moves));
		moves[count++] =
			(struct learner_move){ (uint64_t)key, (uint64_t)group };
	}
	if (deps->regrouped != NULL)
		deps->regrouped(deps->regrouped_context, request->caller.project_id,
				moves, count);
	mem_free(moves);
}

static void on_decision(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);
	struct slice problem = pg_rows_slice(rows, 0, DECISION_PROBLEM);

	if (problem.len > 0) {
		answer_problem(request, problem);
		return;
	}
	tell_learner(request, pg_rows_slice(rows, 0, DECISION_MAPPING));
	json_object_begin(&out);
	json_key_int(&out, "id", pg_rows_int(rows, 0, DECISION_ID));
	json_key_string(&out, "kind", pg_rows_slice(rows, 0, DECISION_KIND));
	json_key_int(&out, "group", pg_rows_int(rows, 0, DECISION_GROUP));
	json_key_int(&out, "other", pg_rows_int(rows, 0, DECISION_OTHER));
	json_object_end(&out);
	request_reply_json(request, 200);
}

/* project, id or NULL, key or NULL; false: answered with 404 */
static bool add_group(struct request *request, struct db_call *call)
{
	struct slice text = route_param(&request->params, "group");
	uint64_t key = 0;
	int64_t id = 0;
	bool is_key = query_hex64(text, &key);

	if (!is_key && !query_id(text, &id)) {
		request_not_found(request, "group");
		return false;
	}
	db_add_int(request, call, request->caller.project_id);
	if (is_key) {
		db_add_text(call, (struct slice){ 0 });
		db_add_int(request, call, (int64_t)key);
	} else {
		db_add_int(request, call, id);
		db_add_text(call, (struct slice){ 0 });
	}
	return true;
}

static char group_word[] = "group";
static char merge_word[] = "merge";

void decisions_merge(struct request *request)
{
	struct db_call call = {
		.sql = DECISION "siftd.person_merges($1, " OF_PATH
				", siftd.find_group($1, $4::bigint, NULL), $5)",
		.done = on_decision,
	};
	struct body body = { 0 };
	int64_t with = 0;

	if (!body_read(request, &body))
		return;
	with = body_id(&body, "with");
	if (!body_done(&body) || !add_group(request, &call))
		return;
	request->state = group_word;
	db_add_int(request, &call, with);
	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}

void decisions_split(struct request *request)
{
	struct db_call call = {
		.sql = DECISION "siftd.person_splits($1, " OF_PATH
				", $4::bigint[], $5)",
		.done = on_decision,
	};
	struct body body = { 0 };
	struct slice keys = { 0 };

	if (!body_read(request, &body))
		return;
	keys = body_fingerprints(&body, "fingerprints", DECISION_FINGERPRINTS_MAX);
	if (!body_done(&body) || !add_group(request, &call))
		return;
	request->state = group_word;
	db_add_text(&call, keys);
	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}

void decisions_undo(struct request *request)
{
	struct db_call call = { .sql = DECISION "siftd.person_undoes($1, $2)",
				.done = on_decision };
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "merge"), &id)) {
		request_not_found(request, merge_word);
		return;
	}
	request->state = merge_word;
	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, id);
	db_run(request, &call);
}
