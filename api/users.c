/* users.c - the members of an organisation
 *
 * An organisation never loses its last admin. Two admins who demote each other at the
 * same time would break that, so the rows of all admins are locked first, in one order.
 */
#include "api/users.h"

#include "api/body.h"
#include "api/list.h"

static const struct column user_columns[] = {
	{ "id", COLUMN_INT },          { "name", COLUMN_TEXT },
	{ "email", COLUMN_TEXT },      { "role", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },
};

#define USER_FIELDS "u.id, u.name, u.email, m.role, " SQL_TIME_US("m.created_at")

static const struct list user_list = {
	.sql = "SELECT " USER_FIELDS
	       " FROM siftd.memberships AS m JOIN siftd.users AS u ON u.id = m.user_id"
	       " WHERE m.organisation_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3",
	.columns = user_columns,
	.columns_count = ARRAY_LEN(user_columns),
	.kind = 'u',
};

/* $1 organisation, $2 user: admins other than that user */
#define OTHER_ADMINS                                                                    \
	"WITH admins AS (SELECT user_id FROM siftd.memberships"                         \
	"  WHERE organisation_id = $1 AND role = 'admin' ORDER BY user_id FOR UPDATE)," \
	" others AS (SELECT count(*) AS n FROM admins WHERE user_id <> $2)"

/* one row when the user is a member; changed says whether it was done */
static const char patch_sql[] = OTHER_ADMINS
	", changed AS (UPDATE siftd.memberships AS m SET role = $3"
	"  FROM others WHERE m.organisation_id = $1 AND m.user_id = $2"
	"   AND ($3 = 'admin' OR others.n > 0)"
	"  RETURNING m.user_id, m.role)"
	" SELECT u.id, u.name, u.email, c.role, " SQL_TIME_US(
		"m.created_at") " FROM siftd.memberships AS m"
				" JOIN siftd.users AS u ON u.id = m.user_id"
				" LEFT JOIN changed AS c"
				"  ON c.user_id = m.user_id"
				" WHERE m.organisation_id = $1"
				"  AND m.user_id = $2";

void users_list(struct request *request)
{
	struct db_call call = { .sql = user_list.sql };

	db_add_int(request, &call, request->caller.organisation_id);
	list_run(request, &user_list, &call);
}

/* organisation and user; false: answered with 404 */
static bool add_user(struct request *request, struct db_call *call, int64_t *user_id)
{
	if (!query_id(route_param(&request->params, "user"), user_id)) {
		request_not_found(request, "user");
		return false;
	}
	db_add_int(request, call, request->caller.organisation_id);
	db_add_int(request, call, *user_id);
	return true;
}

void users_get(struct request *request)
{
	const struct object object = { .what = "user",
				       .columns = user_columns,
				       .columns_count = ARRAY_LEN(user_columns),
				       .status = 200 };
	struct db_call call = {
		.sql = "SELECT " USER_FIELDS " FROM siftd.memberships AS m"
		       " JOIN siftd.users AS u ON u.id = m.user_id"
		       " WHERE m.organisation_id = $1 AND m.user_id = $2",
	};
	int64_t user_id = 0;

	if (add_user(request, &call, &user_id))
		object_run(request, &object, &call);
}

enum user_column { USER_ROLE = 3 };

static void on_patched(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "user");
		return;
	}
	if (pg_rows_slice(rows, 0, USER_ROLE).ptr == NULL) {
		request_problem(request, 409,
				"This is the last admin of the organisation; make "
				"somebody else one first.");
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, user_columns, ARRAY_LEN(user_columns));
	json_object_end(&out);
	request_reply_json(request, 200);
}

void users_patch(struct request *request)
{
	static const char *const roles[] = { "admin", "member", NULL };
	struct db_call call = { .sql = patch_sql, .done = on_patched };
	struct body body = { 0 };
	struct slice role = { 0 };
	int64_t user_id = 0;

	if (!body_read(request, &body))
		return;
	role = body_word(&body, "role", roles, NULL);
	if (!body_done(&body) || !add_user(request, &call, &user_id))
		return;
	db_add_text(&call, role);
	db_run(request, &call);
}

void users_delete(struct request *request)
{
	/* the caller is an admin and stays one: no last admin can go this way, but two
	 * who remove each other; hence the lock here too */
	struct db_call call = {
		.sql = OTHER_ADMINS " DELETE FROM siftd.memberships USING others"
				    " WHERE organisation_id = $1 AND user_id = $2"
				    "  AND others.n > 0",
	};
	int64_t user_id = 0;

	if (!add_user(request, &call, &user_id))
		return;
	if (user_id == request->caller.user_id) {
		request_problem(request, 409, "Nobody can remove themselves.");
		return;
	}
	object_run_change(request, "user", &call);
}
