/* joining.c - accepting an invitation
 *
 *	look it up -> is there an account of that address?
 *	    no:  hash the new password     -> make the account and join
 *	    yes: verify the password given -> join
 *
 * Whoever has the link learns by that whether the address it was made for has an
 * account. The attempts of an address are as limited as its registrations, and the
 * statement that joins uses the invitation up or does nothing.
 */
#include "api/joining.h"

#include "api/accounts.h"
#include "api/body.h"
#include "api/columns.h"
#include "api/context.h"
#include "api/db.h"
#include "api/passwords.h"
#include "api/token.h"

#define NAME_BYTES_MAX 200

/* clang-format off */
#define OPEN "i.token_hash = $1 AND i.accepted_at IS NULL AND i.expires_at > now()"
#define USED "UPDATE siftd.invitations AS i SET accepted_at = now() WHERE " OPEN \
	" RETURNING i.organisation_id, i.email, i.role"
#define JOINED " SELECT person.id, person.name, person.email, o.id, o.name, joined.role" \
	" FROM person, joined JOIN siftd.organisations AS o ON o.id = joined.organisation_id"
/* clang-format on */

static const char look_sql[] =
	"SELECT o.name, i.email, i.role, (extract(epoch FROM i.expires_at) *"
	" 1000000)::bigint, u.id, u.password_hash, o.id FROM siftd.invitations AS i"
	" JOIN siftd.organisations AS o ON o.id = i.organisation_id"
	" LEFT JOIN siftd.users AS u ON lower(u.email) = lower(i.email) WHERE " OPEN;

static const char join_new_sql[] =
	"WITH used AS (" USED "),"
	" person AS (INSERT INTO siftd.users (name, email, password_hash)"
	"  SELECT $2, email, $3 FROM used RETURNING id, name, email),"
	" joined AS (INSERT INTO siftd.memberships (organisation_id, user_id, role)"
	"  SELECT used.organisation_id, person.id, used.role FROM used, person"
	"  RETURNING organisation_id, role)" JOINED;

static const char join_known_sql[] =
	"WITH used AS (" USED "),"
	" person AS (SELECT id, name, email FROM siftd.users WHERE id = $2),"
	" joined AS (INSERT INTO siftd.memberships AS m (organisation_id, user_id, role)"
	"  SELECT used.organisation_id, person.id, used.role FROM used, person"
	"  ON CONFLICT (organisation_id, user_id) DO UPDATE SET role = m.role"
	"  RETURNING organisation_id, role)" JOINED;

enum look_column {
	LOOK_ORGANISATION,
	LOOK_EMAIL,
	LOOK_ROLE,
	LOOK_EXPIRES,
	LOOK_USER,
	LOOK_HASH,
	LOOK_ORGANISATION_ID
};

struct joining {
	struct request *request;
	struct slice name; /* ptr NULL: an account that is there already */
	struct slice password;
	int64_t user_id; /* 0: no account has the address */
};

static struct slice token_of(struct request *request)
{
	return token_hash_dup(route_param(&request->params, "token"), &request->arena);
}

static void on_look(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "invitation");
		return;
	}
	json_object_begin(&out);
	json_key(&out, "organization");
	json_object_begin(&out);
	json_key_int(&out, "id", pg_rows_int(rows, 0, LOOK_ORGANISATION_ID));
	json_key_string(&out, "name", pg_rows_slice(rows, 0, LOOK_ORGANISATION));
	json_object_end(&out);
	json_key_string(&out, "email", pg_rows_slice(rows, 0, LOOK_EMAIL));
	json_key_string(&out, "role", pg_rows_slice(rows, 0, LOOK_ROLE));
	json_key(&out, "expires_at");
	columns_write_time(&out, pg_rows_int(rows, 0, LOOK_EXPIRES));
	json_object_end(&out);
	request_reply_json(request, 200);
}

void joining_look(struct request *request)
{
	struct db_call call = { .sql = look_sql, .done = on_look };

	db_add_bytes(&call, token_of(request));
	db_run(request, &call);
}

static void join_known(struct joining *joining)
{
	struct request *request = joining->request;
	struct db_call call = { .sql = join_known_sql, .done = account_reply_made };

	request->caller.user_id = joining->user_id;
	db_add_bytes(&call, token_of(request));
	db_add_int(request, &call, joining->user_id);
	db_run(request, &call);
}

static void on_hashed(struct request *request, const char *hash)
{
	const struct joining *joining = request->state;
	struct db_call call = {
		.sql = join_new_sql,
		.done = account_reply_made,
		.conflict = "An account with this e-mail address exists already.",
	};

	db_add_bytes(&call, token_of(request));
	db_add_text(&call, joining->name);
	db_add_text(&call, slice_str(hash));
	db_run(request, &call);
}

static void on_verified(struct request *request, bool right)
{
	if (right)
		join_known(request->state);
	else
		request_problem(request, 401,
				"The invited address has an account, and this is not "
				"its password.");
}

static bool check_fields(struct joining *joining)
{
	struct request *request = joining->request;

	if (joining->user_id == 0 && joining->name.ptr == NULL)
		request_problem_field(request, "name", "A new account needs a name.");
	else if (joining->user_id == 0 && joining->password.len < PASSWORD_BYTES_MIN)
		request_problem_field(request, "password",
				      "A new password has at least %d bytes.",
				      PASSWORD_BYTES_MIN);
	else if (joining->user_id == 0 &&
		 request->api->config.registration == API_REGISTRATION_CLOSED)
		request_problem(request, 403,
				"New accounts are made by the operator only; "
				"accept with one that exists.");
	else
		return true;
	return false;
}

static void on_invitation(struct request *request, const struct pg_rows *rows)
{
	struct joining *joining = request->state;

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "invitation");
		return;
	}
	if (pg_rows_slice(rows, 0, LOOK_USER).ptr != NULL)
		joining->user_id = pg_rows_int(rows, 0, LOOK_USER);
	if (!check_fields(joining))
		return;
	request->caller.actor =
		arena_dup(&request->arena, pg_rows_slice(rows, 0, LOOK_EMAIL));
	if (joining->user_id == 0)
		account_hash(request, joining->password, on_hashed);
	else
		account_verify(request, pg_rows_slice(rows, 0, LOOK_HASH),
			       joining->password, on_verified);
}

void joining_accept(struct request *request)
{
	struct joining *joining = request_alloc(request, sizeof(*joining));
	struct db_call call = { .sql = look_sql, .done = on_invitation };
	struct body body = { 0 };

	if (!body_read(request, &body))
		return;
	*joining = (struct joining){ .request = request };
	joining->name =
		body_string(&body, "name", (struct body_bounds){ 0, NAME_BYTES_MAX });
	joining->password = body_string(&body, "password",
					(struct body_bounds){ 1, PASSWORD_BYTES_MAX });
	if (!body_done(&body))
		return;
	if (joining->name.len == 0)
		joining->name = (struct slice){ 0 };
	request->state = joining;
	db_add_bytes(&call, token_of(request));
	db_run(request, &call);
}
