/* orgs.c - organisations */
#include "api/orgs.h"

#include "api/body.h"
#include "api/list.h"

#define NAME_BYTES_MAX 200

static const struct column org_columns[] = {
	{ "id", COLUMN_INT },
	{ "name", COLUMN_TEXT },
	{ "role", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },
};
/* clang-format off */
#define ORG_FIELDS "o.id, o.name, m.role, " SQL_TIME_US("o.created_at")
#define ORG_TABLES " FROM siftd.memberships AS m" \
	" JOIN siftd.organisations AS o ON o.id = m.organisation_id"
/* clang-format on */

static const struct list org_list = {
	.sql = "SELECT " ORG_FIELDS ORG_TABLES
	       " WHERE m.user_id = $1 AND o.id > $2 ORDER BY o.id LIMIT $3",
	.columns = org_columns,
	.columns_count = ARRAY_LEN(org_columns),
	.kind = 'o',
};
void orgs_list(struct request *request)
{
	struct db_call call = { .sql = org_list.sql };

	db_add_int(request, &call, request->caller.user_id);
	list_run(request, &org_list, &call);
}

static void run_one(struct request *request, struct db_call *call, int status)
{
	struct object object = { .what = "organisation",
				 .columns = org_columns,
				 .columns_count = ARRAY_LEN(org_columns),
				 .status = status };

	object_run(request, &object, call);
}

void orgs_create(struct request *request)
{
	struct db_call call = {
		.sql = "WITH o AS (INSERT INTO siftd.organisations (name) VALUES ($2)"
		       "  RETURNING id, name, created_at),"
		       " m AS (INSERT INTO siftd.memberships"
		       "  (organisation_id, user_id, role)"
		       "  SELECT id, $1, 'admin' FROM o RETURNING role)"
		       " SELECT " ORG_FIELDS " FROM o, m",
	};
	struct body body = { 0 };
	struct slice name = { 0 };

	if (!body_read(request, &body))
		return;
	name = body_string(&body, "name", (struct body_bounds){ 1, NAME_BYTES_MAX });
	if (!body_done(&body))
		return;
	db_add_int(request, &call, request->caller.user_id);
	db_add_text(&call, name);
	run_one(request, &call, 201);
}

void orgs_get(struct request *request)
{
	struct db_call call = {
		.sql = "SELECT " ORG_FIELDS ORG_TABLES
		       " WHERE m.user_id = $1 AND o.id = $2",
	};

	db_add_int(request, &call, request->caller.user_id);
	db_add_int(request, &call, request->caller.organisation_id);
	run_one(request, &call, 200);
}

void orgs_patch(struct request *request)
{
	struct db_call call = {
		.sql = "WITH o AS (UPDATE siftd.organisations SET name = $3"
		       "  WHERE id = $2 RETURNING id, name, created_at)"
		       " SELECT " ORG_FIELDS " FROM o JOIN siftd.memberships AS m"
		       "  ON m.organisation_id = o.id AND m.user_id = $1",
	};
	struct body body = { 0 };
	struct slice name = { 0 };

	if (!body_read(request, &body))
		return;
	name = body_string(&body, "name", (struct body_bounds){ 1, NAME_BYTES_MAX });
	if (!body_done(&body))
		return;
	db_add_int(request, &call, request->caller.user_id);
	db_add_int(request, &call, request->caller.organisation_id);
	db_add_text(&call, name);
	run_one(request, &call, 200);
}

void orgs_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.organisations WHERE id = $1"
	};

	db_add_int(request, &call, request->caller.organisation_id);
	object_run_change(request, "organisation", &call);
}
