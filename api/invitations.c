/* invitations.c - making, showing and withdrawing invitations */
#include "api/invitations.h"

#include "api/body.h"
#include "api/context.h"
#include "api/list.h"
#include "api/token.h"

#define EMAIL_BYTES_MAX 254

static const struct column invitation_columns[] = {
	{ "id", COLUMN_INT },           { "email", COLUMN_TEXT },
	{ "role", COLUMN_TEXT },        { "invited_by", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },  { "expires_at", COLUMN_TIME },
	{ "accepted_at", COLUMN_TIME },
};

/* clang-format off */
#define FIELDS \
	"i.id, i.email, i.role, (SELECT email FROM siftd.users WHERE id = i.invited_by), " \
	SQL_TIME_US("i.created_at") ", " SQL_TIME_US("i.expires_at") ", " SQL_TIME_US("i.accepted_at")
/* clang-format on */

static const struct list invitation_list = {
	.sql = "SELECT " FIELDS " FROM siftd.invitations AS i"
	       " WHERE i.organisation_id = $1 AND i.id < $2 ORDER BY i.id DESC LIMIT $3",
	.columns = invitation_columns,
	.columns_count = ARRAY_LEN(invitation_columns),
	.kind = 'v',
	.descending = true,
};

/* no row: the address belongs to a member, which the caller can see anyway */
static const char create_sql[] =
	"INSERT INTO siftd.invitations AS i"
	" (organisation_id, email, role, token_hash, invited_by, expires_at)"
	" SELECT $1, $2, $3, $4, $5, now() + $6 * interval '1 second'"
	"  WHERE NOT EXISTS (SELECT FROM siftd.memberships AS m"
	"   JOIN siftd.users AS u ON u.id = m.user_id"
	"   WHERE m.organisation_id = $1 AND lower(u.email) = lower($2))"
	" ON CONFLICT (organisation_id, lower(email)) WHERE accepted_at IS NULL"
	" DO UPDATE SET role = excluded.role, token_hash = excluded.token_hash,"
	"  invited_by = excluded.invited_by, expires_at = excluded.expires_at,"
	"  created_at = now()"
	" RETURNING " FIELDS;

void invitations_list(struct request *request)
{
	struct db_call call = { .sql = invitation_list.sql };

	db_add_int(request, &call, request->caller.organisation_id);
	list_run(request, &invitation_list, &call);
}

static void on_created(struct request *request, const struct pg_rows *rows)
{
	const char *token = request->state;
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_problem(request, 409,
				"Somebody with this address belongs to the "
				"organisation already.");
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, invitation_columns, ARRAY_LEN(invitation_columns));
	json_key_string(&out, "token", slice_str(token));
	json_object_end(&out);
	request_reply_json(request, 201);
}

void invitations_create(struct request *request)
{
	static const char *const roles[] = { "admin", "member", NULL };
	struct db_call call = { .sql = create_sql, .done = on_created };
	struct body body = { 0 };
	char *token = NULL;
	struct slice hash = { 0 };

	if (!body_read(request, &body))
		return;
	db_add_int(request, &call, request->caller.organisation_id);
	db_add_text(&call, body_email(&body, "email"));
	db_add_text(&call, body_word(&body, "role", roles, "member"));
	if (!body_done(&body))
		return;
	token = request_alloc(request, TOKEN_TEXT_SIZE);
	token_make(token);
	hash = token_hash_dup(slice_str(token), &request->arena);
	request->state = token;
	db_add_bytes(&call, hash);
	db_add_int(request, &call, request->caller.user_id);
	db_add_int(request, &call, request->api->config.invitation_lifetime_s);
	db_run(request, &call);
}

void invitations_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.invitations"
		       " WHERE organisation_id = $1 AND id = $2 AND accepted_at IS NULL",
	};
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "invitation"), &id)) {
		request_not_found(request, "invitation");
		return;
	}
	db_add_int(request, &call, request->caller.organisation_id);
	db_add_int(request, &call, id);
	object_run_change(request, "invitation", &call);
}
