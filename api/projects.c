/* projects.c - projects */
#include "api/projects.h"

#include "api/body.h"
#include "api/list.h"

#define NAME_BYTES_MAX 200
/* a century */
#define RETENTION_DAYS_MAX 36500

static const struct column project_columns[] = {
	{ "id", COLUMN_INT },
	{ "organisation_id", COLUMN_INT },
	{ "name", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },
	{ "retention_days", COLUMN_INT },
	{ "retention_bytes", COLUMN_INT },
};

#define PROJECT_FIELDS                                                                 \
	"id, organisation_id, name, " SQL_TIME_US(                                     \
		"created_at") ", retention_days, retention_bytes"

static const struct list project_list = {
	.sql = "SELECT " PROJECT_FIELDS " FROM siftd.projects"
	       " WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.columns = project_columns,
	.columns_count = ARRAY_LEN(project_columns),
	.kind = 'p',
};

static void run_one(struct request *request, struct db_call *call, int status)
{
	struct object object = { .what = "project",
				 .columns = project_columns,
				 .columns_count = ARRAY_LEN(project_columns),
				 .status = status };

	object_run(request, &object, call);
}

void projects_list(struct request *request)
{
	struct db_call call = { .sql = project_list.sql };

	db_add_int(request, &call, request->caller.organisation_id);
	list_run(request, &project_list, &call);
}

void projects_create(struct request *request)
{
	struct db_call call = {
		.sql = "INSERT INTO siftd.projects (organisation_id, name)"
		       " VALUES ($1, $2) RETURNING " PROJECT_FIELDS,
		.conflict = "The organisation has a project of this name already.",
	};
	struct body body = { 0 };
	struct slice name = { 0 };

	if (!body_read(request, &body))
		return;
	name = body_string(&body, "name", (struct body_bounds){ 1, NAME_BYTES_MAX });
	if (!body_done(&body))
		return;
	db_add_int(request, &call, request->caller.organisation_id);
	db_add_text(&call, name);
	run_one(request, &call, 201);
}

void projects_get(struct request *request)
{
	struct db_call call = {
		.sql = "SELECT " PROJECT_FIELDS " FROM siftd.projects"
		       " WHERE organisation_id = $1 AND id = $2",
	};

	db_add_int(request, &call, request->caller.organisation_id);
	db_add_int(request, &call, request->caller.project_id);
	run_one(request, &call, 200);
}

/* -1: not named, stays; 0: null, there is none */
static int64_t read_retention(struct body *body, const char *field, int64_t max)
{
	return body_has(body, field)
		       ? body_int(body, field, (struct body_range){ 1, max, 0 })
		       : -1;
}

void projects_patch(struct request *request)
{
	struct db_call call = {
		.sql = "UPDATE siftd.projects SET name = coalesce($3, name),"
		       " retention_days = CASE WHEN $4::bigint < 0 THEN retention_days"
		       "  ELSE nullif($4, 0)::integer END,"
		       " retention_bytes = CASE WHEN $5::bigint < 0 THEN retention_bytes"
		       "  ELSE nullif($5, 0) END"
		       " WHERE organisation_id = $1 AND id = $2"
		       " RETURNING " PROJECT_FIELDS,
		.conflict = "The organisation has a project of this name already.",
	};
	struct body body = { 0 };
	struct slice name = { 0 };
	int64_t days = 0;
	int64_t bytes = 0;

	if (!body_read(request, &body))
		return;
	if (body_has(&body, "name"))
		name = body_string(&body, "name",
				   (struct body_bounds){ 1, NAME_BYTES_MAX });
	days = read_retention(&body, "retention_days", RETENTION_DAYS_MAX);
	bytes = read_retention(&body, "retention_bytes", INT64_MAX);
	if (!body_done(&body))
		return;
	db_add_int(request, &call, request->caller.organisation_id);
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, name);
	db_add_int(request, &call, days);
	db_add_int(request, &call, bytes);
	run_one(request, &call, 200);
}

void projects_delete(struct request *request)
{
	struct db_call call = {
		/* gone at once for everybody; the daemon's upkeep removes its rows */
		.sql = "UPDATE siftd.projects SET organisation_id = NULL"
		       " WHERE organisation_id = $1 AND id = $2",
	};

	db_add_int(request, &call, request->caller.organisation_id);
	db_add_int(request, &call, request->caller.project_id);
	object_run_change(request, "project", &call);
}
