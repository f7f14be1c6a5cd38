/* insights.c - asking for an explanation: cache, budget, call, answer */
#include "api/insights.h"

#include <inttypes.h>

#include "api/body.h"
#include "api/context.h"
#include "api/explain.h"
#include "api/insight_case.h"
#include "api/list.h"
#include "api/token.h"
#include "base/log.h"
#include "base/mem.h"

#define US_PER_S 1000000

struct insights {
	struct explain *explain; /* NULL: off */
	struct pg_pool *pool;
	struct job *jobs;
};

/* an explanation that is being made; outlives its request */
struct job {
	struct insights *insights;
	struct job *next;
	struct request *request; /* NULL: its client went away */
	struct arena arena;
	struct explain_case subject;
	int64_t project_id;
	int64_t id;
	struct pg_query *query;
};

#define COLUMNS                                                                          \
	"id, scope_type, scope_id, ingestion_id, status, model, content,"                \
	" round(verified_share::numeric, 3), nullif(error, ''), evidence, " SQL_TIME_US( \
		"created_at")

static const struct column columns[] = {
	{ "id", COLUMN_INT },          { "scope_type", COLUMN_TEXT },
	{ "scope_id", COLUMN_INT },    { "ingestion_id", COLUMN_INT },
	{ "status", COLUMN_TEXT },     { "model", COLUMN_TEXT },
	{ "content", COLUMN_JSON },    { "verified_share", COLUMN_NUMBER },
	{ "error", COLUMN_TEXT },      { "evidence", COLUMN_JSON },
	{ "created_at", COLUMN_TIME },
};

static const char begin_sql[] =
	"SELECT state, insight FROM siftd.begin_insight($1, $2, $3, $4, $5, $6, $7,"
	" $8::boolean, $9::integer, $10::integer)";

/* by itself: what begin_insight waited for is not in its own statement's snapshot */
static const char get_sql[] =
	"SELECT " COLUMNS " FROM siftd.insights WHERE project_id = $1 AND id = $2";

static const char end_sql[] =
	"UPDATE siftd.insights SET status = CASE WHEN $3::jsonb IS NULL THEN 'failed'"
	"  ELSE 'done' END, content = $3, verified_share = $4::double precision,"
	" error = coalesce($5, '') WHERE project_id = $1 AND id = $2 RETURNING " COLUMNS;

static const char list_sql[] =
	"SELECT " COLUMNS " FROM siftd.insights WHERE project_id = $1"
	" AND ($2::bigint = 0 OR ingestion_id = $2)"
	" AND ($3 = '' OR scope_type = $3) AND ($4::bigint IS NULL OR scope_id = $4)"
	" AND id < $5 ORDER BY id DESC LIMIT $6";

static const struct list insight_list = { .sql = list_sql,
					  .columns = columns,
					  .columns_count = ARRAY_LEN(columns),
					  .kind = 'x',
					  .descending = true };

#define STATUS_COLUMN 4

static const char *const kind_words[] = { "group", "finding", NULL };

int insights_new(struct api_context *api, struct insights **out, struct error *error)
{
	struct insights *insights = mem_calloc(1, sizeof(*insights));
	const struct explain_config *config = &api->config.explain;

	insights->pool = api->deps.pool;
	if (config->url != NULL &&
	    explain_new(api->deps.base, config, api->deps.version, &insights->explain,
			error) < 0) {
		mem_free(insights);
		return -1;
	}
	*out = insights;
	return 0;
}

static void job_free(struct job *job)
{
	struct job **place = &job->insights->jobs;

	while (*place != job)
		place = &(*place)->next;
	*place = job->next;
	if (job->query != NULL)
		pg_query_cancel(job->query);
	arena_deinit(&job->arena);
	mem_free(job);
}

void insights_free(struct insights **insights_ptr)
{
	struct insights *insights = *insights_ptr;

	if (insights == NULL)
		return;
	explain_free(&insights->explain);
	while (insights->jobs != NULL)
		job_free(insights->jobs);
	mem_free(insights);
	*insights_ptr = NULL;
}

void insights_write_metrics(const struct insights *insights, struct buf *out)
{
	if (insights->explain != NULL)
		explain_write_metrics(insights->explain, out);
}

void insights_list(struct request *request)
{
	struct db_call call = { .sql = list_sql };
	struct list *list = request_alloc(request, sizeof(*list));
	struct slice id_text = query_get(&request->query, "id");
	struct error error = { 0 };
	size_t kind = 0;
	int64_t id = 0;

	if (query_read_word(&request->query, "scope_type", kind_words, &kind, &error) !=
	    0) {
		request_problem_field(request, "scope_type", "%s.", error.text);
		return;
	}
	if (id_text.len > 0 && !query_id(id_text, &id)) {
		request_problem_field(request, "id", "id must be an id.");
		return;
	}
	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	db_add_text(&call, query_get(&request->query, "scope_type").len == 0
				   ? SLICE("")
				   : slice_str(kind_words[kind]));
	if (id_text.len == 0)
		db_add_text(&call, (struct slice){ 0 });
	else
		db_add_int(request, &call, id);
	*list = insight_list;
	list->flag = "can_explain";
	list->flag_value = request->api->insights->explain != NULL;
	list_run(request, list, &call);
}

static void reply(struct request *request, const struct pg_rows *rows, int status)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key(&out, "insight");
	json_object_begin(&out);
	columns_write(&out, rows, 0, columns, ARRAY_LEN(columns));
	json_object_end(&out);
	json_object_end(&out);
	request_reply_json(request, status);
}

static void on_ended(void *context, const struct pg_rows *rows,
		     const struct pg_error *error)
{
	struct job *job = context;
	struct request *request = job->request;

	job->query = NULL;
	if (rows == NULL)
		log_error("explain", "could not be stored error=%s", error->error.text);
	if (request != NULL) {
		request_on_cancel(request, NULL, NULL);
		if (rows == NULL)
			request_unavailable(request, "The database is away.");
		else if (pg_rows_count(rows) == 0)
			request_not_found(request, "project"); /* deleted meanwhile */
		else
			reply(request, rows, 201);
	}
	job_free(job);
}

/* decimal, in the arena */
static struct pg_param number(struct arena *arena, int64_t value)
{
	char text[24];
	/* 24 bytes hold any int64 */
	int len = snprintf(text, sizeof(text), "%" PRId64, value);

	return (struct pg_param){
		.value = arena_dup(arena, slice_of(text, (size_t)len)),
	};
}

static void on_explained(void *context, const struct explain_result *result)
{
	struct job *job = context;
	char share[32];
	struct pg_param params[5] = {
		number(&job->arena, job->project_id),
		number(&job->arena, job->id),
	};

	if (result->content.ptr != NULL) {
		/* it fits */
		(void)snprintf(share, sizeof(share), "%.6f", result->share);
		params[2].value = result->content;
		params[3].value = slice_str(share);
	} else {
		params[4].value = slice_str(result->error);
	}
	job->query = pg_query(job->insights->pool, end_sql, params, ARRAY_LEN(params),
			      false, on_ended, job);
}

static void forget(void *context)
{
	struct job *job = context;

	job->request = NULL;
}

struct asking {
	const struct insight_case *found;
	struct slice evidence;
	bool again;
};

static void make(struct request *request, int64_t id)
{
	struct insights *insights = request->api->insights;
	const struct asking *asking = request->state;
	struct job *job = mem_calloc(1, sizeof(*job));

	job->insights = insights;
	job->next = insights->jobs;
	insights->jobs = job;
	job->project_id = request->caller.project_id;
	job->id = id;
	explain_case_copy(&asking->found->subject, &job->arena, &job->subject);
	job->request = request;
	request_on_cancel(request, forget, job);
	explain_note_redacted(insights->explain, asking->found->redacted);
	if (!explain_start(insights->explain, &job->subject, on_explained, job)) {
		const struct explain_result busy = {
			.error =
				"Too many explanations are being made; ask again soon.",
		};

		on_explained(job, &busy);
	}
}

static void on_found(struct request *request, const struct pg_rows *rows)
{
	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "explanation"); /* deleted meanwhile */
	} else if (slice_equal(pg_rows_slice(rows, 0, STATUS_COLUMN), SLICE("done"))) {
		reply(request, rows, 200);
	} else {
		request_set_header(request, "Retry-After", "5");
		reply(request, rows, 202);
	}
}

static void on_begun(struct request *request, const struct pg_rows *rows)
{
	struct db_call call = { .sql = get_sql, .done = on_found };
	struct slice state = pg_rows_slice(rows, 0, 0);
	struct slice id = pg_rows_slice(rows, 0, 1);

	if (slice_equal(state, SLICE("spent"))) {
		request_set_header(request, "Retry-After", "3600");
		request_problem(
			request, 429,
			"The organisation has used its explanations of today "
			"(explain.daily_max); those that were made can be read.");
	} else if (slice_equal(state, SLICE("begun"))) {
		make(request, pg_rows_int(rows, 0, 1));
	} else {
		db_add_int(request, &call, request->caller.project_id);
		db_add_text(&call, arena_dup(&request->arena, id));
		db_run(request, &call);
	}
}

static void write_evidence(const struct explain_case *subject, struct buf *text)
{
	struct json_out out = json_out_init(text);

	json_array_begin(&out);
	for (size_t i = 0; i < subject->events_count; i++) {
		json_object_begin(&out);
		json_key_int(&out, "seq", subject->events[i].seq);
		json_key_string(&out, "text", subject->events[i].text);
		json_object_end(&out);
	}
	json_array_end(&out);
}

/* so that a group that merely went on is not explained anew each time */
static int64_t rounded(int64_t count)
{
	int64_t unit = 1;

	while (count / unit >= 100)
		unit *= 10;
	return count / unit * unit;
}

/* what the explanation would be made from, as a hash */
static struct slice cache_key(struct request *request, const struct asking *asking)
{
	const struct explain_config *config =
		explain_configured(request->api->insights->explain);
	struct token_hash *hash = request_alloc(request, sizeof(*hash));
	struct buf text = { 0 };

	buf_printf(&text, "%d %s %s %d %" PRId64 " %" PRId64 " %" PRId64 " ",
		   EXPLAIN_VERSION, config->url, config->model,
		   (int)asking->found->subject.kind, asking->found->id,
		   request->caller.ingestion_id, rounded(asking->found->count));
	buf_append_slice(&text, asking->evidence);
	token_hash(buf_slice(&text), hash);
	buf_deinit(&text);
	return slice_of((const char *)hash->bytes, sizeof(hash->bytes));
}

static void on_gathered(struct request *request, const struct insight_case *found,
			void *context)
{
	const struct explain_config *config =
		explain_configured(request->api->insights->explain);
	struct asking *asking = context;
	struct db_call call = { .sql = begin_sql, .done = on_begun };
	struct buf text = { 0 };

	write_evidence(&found->subject, &text);
	asking->found = found;
	asking->evidence = arena_dup(&request->arena, buf_slice(&text));
	buf_deinit(&text);
	request->state = asking;
	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	db_add_text(&call, slice_str(kind_words[found->subject.kind]));
	db_add_int(request, &call, found->id);
	db_add_bytes(&call, cache_key(request, asking));
	db_add_text(&call, slice_str(config->model));
	db_add_text(&call, asking->evidence);
	db_add_text(&call, asking->again ? SLICE("true") : SLICE("false"));
	db_add_int(request, &call, config->daily_max);
	db_add_int(request, &call, config->timeout_us / US_PER_S + 1);
	db_run(request, &call);
}

/* false: it was answered */
static bool read_wanted(struct request *request, struct insight_wanted *wanted,
			bool *again)
{
	struct body body = { 0 };
	struct slice text = { 0 };

	if (!body_read(request, &body))
		return false;
	text = body_word(&body, "scope_type", kind_words, NULL);
	wanted->kind =
		slice_equal(text, SLICE("finding")) ? EXPLAIN_FINDING : EXPLAIN_GROUP;
	*again = body_bool(&body, "regenerate");
	text = body_string(&body, "fingerprint", (struct body_bounds){ 0, 16 });
	if (wanted->kind == EXPLAIN_GROUP && text.ptr != NULL) {
		wanted->by_key = true;
		if (!query_hex64(text, &wanted->key))
			body_complain(&body, "fingerprint", "must be 16 hex digits");
	} else {
		wanted->id =
			body_id(&body, wanted->kind == EXPLAIN_FINDING &&
						       body_has(&body, "finding_id")
					       ? "finding_id"
					       : "id");
	}
	return body_done(&body);
}

void insights_make(struct request *request)
{
	struct insights *insights = request->api->insights;
	struct asking *asking = request_alloc(request, sizeof(*asking));
	struct insight_wanted wanted = { 0 };

	*asking = (struct asking){ 0 };
	if (insights->explain == NULL) {
		request_problem(
			request, 409,
			"Explanations are off: siftd.yaml names no model. Set "
			"explain.url and explain.model, and start siftd again.");
		return;
	}
	if (read_wanted(request, &wanted, &asking->again))
		insight_case_gather(request, &wanted,
				    explain_redactor(insights->explain), on_gathered,
				    asking);
}
