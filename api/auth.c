/* auth.c - accounts and sessions
 *
 * A handler that needs a password hashed goes through three states, each begun by the
 * callback of the one before: read the row, hash on the password thread, write.
 */
#include "api/auth.h"

#include "api/accounts.h"
#include "api/body.h"
#include "api/context.h"
#include "api/cookie.h"
#include "api/db.h"
#include "api/gate.h"
#include "api/passwords.h"
#include "api/sessions.h"
#include "api/token.h"

#define NAME_BYTES_MAX 200
#define EMAIL_BYTES_MAX 254
#define LOGIN_PAUSE_S 2

static const char register_sql[] =
	"WITH person AS (INSERT INTO siftd.users (name, email, password_hash)"
	"  VALUES ($1, $2, $3) RETURNING id),"
	" organisation AS (INSERT INTO siftd.organisations (name)"
	"  VALUES ($1 || '''s Organization') RETURNING id, name),"
	" member AS (INSERT INTO siftd.memberships (organisation_id, user_id, role)"
	"  SELECT organisation.id, person.id, 'admin' FROM organisation, person)"
	" SELECT person.id, $1::text, $2::text, organisation.id, organisation.name,"
	" 'admin' FROM person, organisation";

/* all other sessions of the account end with its old password */
static const char password_sql[] =
	"WITH others AS (DELETE FROM siftd.sessions"
	"  WHERE user_id = $1 AND token_hash <> $3)"
	" UPDATE siftd.users SET password_hash = $2 WHERE id = $1";

/* what a handler carries from callback to callback; lies in the request's arena */
struct account {
	struct request *request;
	int64_t user_id;
	struct slice name;
	struct slice email;
	struct slice password;
	struct slice new_password;
	bool by_cookie;
	struct event *pause; /* of a login whose account is tried too often */
};

static struct account *account_new(struct request *request)
{
	struct account *account = request_alloc(request, sizeof(*account));

	*account = (struct account){ .request = request };
	return account;
}

/* false: answered with 403 */
static bool may_register(struct request *request)
{
	static const char *const by_proxy[] = { "X-Forwarded-For", "Forwarded",
						"X-Real-IP" };
	enum api_registration registration = request->api->config.registration;
	bool open = registration == API_REGISTRATION_OPEN ||
		    registration == API_REGISTRATION_LOCAL;

	for (size_t i = 0; i < ARRAY_LEN(by_proxy); i++) {
		if (registration == API_REGISTRATION_LOCAL &&
		    request_header(request, by_proxy[i]) != NULL)
			open = false;
	}
	if (!open)
		request_problem(request, 403,
				"Registration is closed here; ask an admin for an "
				"invitation.");
	return open;
}

static void on_new_hash(struct request *request, const char *hash)
{
	const struct account *account = request->state;
	struct db_call call = {
		.sql = register_sql,
		.done = account_reply_made,
		.conflict = "An account with this e-mail address exists already.",
	};

	db_add_text(&call, account->name);
	db_add_text(&call, account->email);
	db_add_text(&call, slice_str(hash));
	db_run(request, &call);
}

void auth_register(struct request *request)
{
	struct account *account = account_new(request);
	struct body body = { 0 };

	if (!may_register(request) || !body_read(request, &body))
		return;
	account->name =
		body_string(&body, "name", (struct body_bounds){ 1, NAME_BYTES_MAX });
	account->email = body_email(&body, "email");
	account->password = body_string(
		&body, "password",
		(struct body_bounds){ PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX });
	if (!body_done(&body))
		return;
	request->state = account;
	account_hash(request, account->password, on_new_hash);
}

static void on_verified(struct request *request, bool right)
{
	const struct account *account = request->state;
	const struct session_owner owner = {
		.user_id = account->user_id,
		.email = account->email,
		.by_cookie = account->by_cookie,
	};

	if (right)
		sessions_open(request, &owner);
	else
		request_problem(request, 401,
				"The e-mail address or the password is wrong.");
}

static void on_account(struct request *request, const struct pg_rows *rows)
{
	struct account *account = request->state;
	struct slice hash = { 0 };

	if (pg_rows_count(rows) > 0) {
		account->user_id = pg_rows_int(rows, 0, 0);
		hash = pg_rows_slice(rows, 0, 1);
		account->email = arena_dup(&request->arena, pg_rows_slice(rows, 0, 2));
	}
	account_verify(request, hash, account->password, on_verified);
}

static void find_account(struct account *account)
{
	struct db_call call = {
		.sql = "SELECT id, password_hash, email FROM siftd.users"
		       " WHERE lower(email) = lower($1)",
		.done = on_account,
	};

	account->request->state = account;
	db_add_text(&call, account->email);
	db_run(account->request, &call);
}

static void end_pause(void *context)
{
	struct account *account = context;

	event_free(account->pause);
	account->pause = NULL;
}

static void on_pause(evutil_socket_t fd, short what, void *context)
{
	struct account *account = context;

	(void)fd;   /* none */
	(void)what; /* the time is over */
	end_pause(account);
	request_on_cancel(account->request, NULL, NULL);
	find_account(account);
}

/* whose attempts are counted: an account by its name in lower case, as it is looked up,
 * behind the address, or behind none for all addresses together */
static struct slice attempts_of(struct request *request, struct slice email,
				const char *address)
{
	struct buf text = { 0 };
	struct slice key = { 0 };

	buf_printf(&text, "%s ", address);
	for (size_t i = 0; i < email.len; i++) {
		char c = email.ptr[i];

		buf_append_char(&text, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
	}
	key = arena_dup(&request->arena, buf_slice(&text));
	buf_deinit(&text);
	return key;
}

/* One address can use up its own attempts at an account, but not other people's: an
 * account that many addresses try at once answers late, to all, and is never locked. */
static void try_login(struct account *account)
{
	struct request *request = account->request;
	const struct timeval pause = { .tv_sec = LOGIN_PAUSE_S };

	if (!gate_is_crowded(request, attempts_of(request, account->email, ""))) {
		find_account(account);
		return;
	}
	account->pause = evtimer_new(request->api->deps.base, on_pause, account);
	if (account->pause == NULL || evtimer_add(account->pause, &pause) != 0) {
		request_unavailable(request, "There is no memory for a timer.");
		return;
	}
	request_on_cancel(request, end_pause, account);
}

void auth_login(struct request *request)
{
	static const char *const kinds[] = { "token", "cookie", NULL };
	struct account *account = account_new(request);
	struct body_bounds email_bounds = { 1, EMAIL_BYTES_MAX };
	struct body body = { 0 };

	if (!body_read_form(request, &body))
		return;
	account->email =
		body_string(&body, body_has(&body, "username") ? "username" : "email",
			    email_bounds);
	account->password = body_string(&body, "password",
					(struct body_bounds){ 1, PASSWORD_BYTES_MAX });
	/* a form can be sent by a page of any origin, and must not log a browser in */
	if (body.object != NULL)
		account->by_cookie = slice_equal(
			body_word(&body, "session", kinds, "token"), SLICE("cookie"));
	if (!body_done(&body))
		return;
	if (gate_allow(request, LIMIT_LOGIN,
		       attempts_of(request, account->email, request->address)))
		try_login(account);
}

static void on_done(struct request *request, const struct pg_rows *rows)
{
	(void)rows; /* that it was done is all there is to say */
	request_reply_empty(request);
}

void auth_logout(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.sessions WHERE token_hash = $1",
		.done = on_done,
	};

	if (request->caller.by_cookie)
		cookie_set(request, "", 0);
	db_add_bytes(&call, request->caller.token_hash);
	db_run(request, &call);
}

/* a page that was loaded anew has nothing but its cookie */
static void write_csrf_token(struct request *request, struct json_out *out)
{
	char csrf[TOKEN_CSRF_SIZE];
	struct slice token = { 0 };

	if (!request->caller.by_cookie || !cookie_read(request, &token))
		return;
	token_csrf(token, csrf);
	json_key_string(out, "csrf_token", slice_str(csrf));
}

static void on_me(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "account");
		return;
	}
	json_object_begin(&out);
	json_key_int(&out, "id", pg_rows_int(rows, 0, 0));
	json_key_string(&out, "name", pg_rows_slice(rows, 0, 1));
	json_key_string(&out, "email", pg_rows_slice(rows, 0, 2));
	json_key(&out, "organizations");
	json_raw(&out, pg_rows_slice(rows, 0, 3));
	write_csrf_token(request, &out);
	json_object_end(&out);
	request_reply_json(request, 200);
}

void auth_me(struct request *request)
{
	struct db_call call = {
		.sql = "SELECT u.id, u.name, u.email, coalesce((SELECT json_agg("
		       "json_build_object('id', o.id, 'name', o.name, 'role', m.role)"
		       " ORDER BY o.id) FROM siftd.memberships AS m"
		       " JOIN siftd.organisations AS o ON o.id = m.organisation_id"
		       " WHERE m.user_id = u.id), '[]')"
		       " FROM siftd.users AS u WHERE u.id = $1",
		.done = on_me,
	};

	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}

static void on_changed_hash(struct request *request, const char *hash)
{
	struct db_call call = { .sql = password_sql, .done = on_done };

	db_add_int(request, &call, request->caller.user_id);
	db_add_text(&call, slice_str(hash));
	db_add_bytes(&call, request->caller.token_hash);
	db_run(request, &call);
}

static void on_old_verified(struct request *request, bool right)
{
	const struct account *account = request->state;

	if (right)
		account_hash(request, account->new_password, on_changed_hash);
	else
		request_problem_field(request, "current_password",
				      "The current password is wrong.");
}

static void on_own_account(struct request *request, const struct pg_rows *rows)
{
	struct account *account = request->state;
	struct slice hash = { 0 };

	if (pg_rows_count(rows) > 0)
		hash = pg_rows_slice(rows, 0, 0);
	account_verify(request, hash, account->password, on_old_verified);
}

void auth_password(struct request *request)
{
	struct account *account = account_new(request);
	struct body body = { 0 };
	struct db_call call = {
		.sql = "SELECT password_hash FROM siftd.users WHERE id = $1",
		.done = on_own_account,
	};

	if (!body_read(request, &body))
		return;
	account->password = body_string(&body, "current_password",
					(struct body_bounds){ 1, PASSWORD_BYTES_MAX });
	account->new_password = body_string(
		&body, "new_password",
		(struct body_bounds){ PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX });
	if (!body_done(&body))
		return;
	request->state = account;
	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}
