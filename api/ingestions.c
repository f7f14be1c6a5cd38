/* ingestions.c - ingestions */
#include "api/ingestions.h"

#include "api/body.h"
#include "api/list.h"

#define NAME_BYTES_MAX 200

/* clang-format off */
/* findings are stored in the same transaction as their events: one status serves both */
#define FIELDS \
	"id, project_id, name, source_type, source, " INGESTION_STATUS_SQL ", " INGESTION_STATUS_SQL "," \
	" json_build_object('bytes', bytes, 'lines', lines, 'stored_bytes', stored_bytes," \
	"  'stored_events', stored_events), " \
	SQL_TIME_US("created_at") ", " SQL_TIME_US("updated_at")
/* clang-format on */

static const struct column ingestion_columns[] = {
	{ "id", COLUMN_INT },
	{ "project_id", COLUMN_INT },
	{ "name", COLUMN_TEXT },
	{ "source_type", COLUMN_TEXT },
	{ "source", COLUMN_TEXT },
	{ "status", COLUMN_TEXT },
	{ "finding_status", COLUMN_TEXT },
	{ "progress", COLUMN_JSON },
	{ "created_at", COLUMN_TIME },
	{ "updated_at", COLUMN_TIME },
};

static const struct list ingestion_list = {
	.sql = "SELECT " FIELDS " FROM siftd.ingestions WHERE project_id = $1"
	       " AND ($2 = '' OR source_type = $2)"
	       " AND ($3 = '' OR " INGESTION_STATUS_SQL " = $3)"
	       " AND strpos(lower(name), lower($4)) > 0"
	       " AND id < $5 ORDER BY id DESC LIMIT $6",
	.columns = ingestion_columns,
	.columns_count = ARRAY_LEN(ingestion_columns),
	.kind = 'i',
	.descending = true,
};

static void run_one(struct request *request, struct db_call *call, int status)
{
	struct object object = { .what = "ingestion",
				 .columns = ingestion_columns,
				 .columns_count = ARRAY_LEN(ingestion_columns),
				 .status = status };

	object_run(request, &object, call);
}

/* the words of an optional parameter, '' when it is absent; false: answered with 422 */
static bool read_word(struct request *request, const char *name,
		      const char *const *words, struct slice *out)
{
	struct error error = { 0 };
	size_t index = 0;

	*out = query_get(&request->query, name);
	if (out->len == 0) {
		*out = SLICE("");
		return true;
	}
	if (query_read_word(&request->query, name, words, &index, &error) == 0)
		return true;
	request_problem_field(request, name, "%s.", error.text);
	return false;
}

void ingestions_list(struct request *request)
{
	static const char *const types[] = { "paste",  "upload", "push", "file",
					     "syslog", "kafka",  NULL };
	static const char *const states[] = { "pending", "processing", "live",
					      "done",    "failed",     NULL };
	struct db_call call = { .sql = ingestion_list.sql };
	struct slice type = { 0 };
	struct slice state = { 0 };
	struct slice text = { 0 };

	if (!read_word(request, "source_type", types, &type) ||
	    !read_word(request, "status", states, &state) ||
	    !request_query_text(request, "q", &text))
		return;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, type);
	db_add_text(&call, state);
	db_add_text(&call, text);
	list_run(request, &ingestion_list, &call);
}

void ingestions_create(struct request *request)
{
	/* what files, syslog and Kafka bring comes from configured sources */
	static const char *const types[] = { "paste", "upload", "push", NULL };
	struct db_call call = {
		.sql = "INSERT INTO siftd.ingestions (project_id, name, source_type)"
		       " VALUES ($1, coalesce($2, $3 || ' '"
		       "  || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')),"
		       " $3) RETURNING " FIELDS,
	};
	struct body body = { 0 };
	struct slice name = { 0 };
	struct slice type = { 0 };

	if (!body_read(request, &body))
		return;
	name = body_string(&body, "name", (struct body_bounds){ 0, NAME_BYTES_MAX });
	type = body_word(&body, "source_type", types, "paste");
	if (!body_done(&body))
		return;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, name.len == 0 ? (struct slice){ 0 } : name);
	db_add_text(&call, type);
	run_one(request, &call, 201);
}

void ingestions_get(struct request *request)
{
	struct db_call call = {
		.sql = "SELECT " FIELDS " FROM siftd.ingestions"
		       " WHERE project_id = $1 AND id = $2",
	};

	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	run_one(request, &call, 200);
}

void ingestions_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.ingestions WHERE project_id = $1 AND id = $2",
	};

	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	object_run_change(request, "ingestion", &call);
}
