/* sessions.c - the logins of an account */
#include "api/sessions.h"

#include "api/context.h"
#include "api/cookie.h"
#include "api/list.h"
#include "api/token.h"
#include "base/utf8.h"

#define USER_AGENT_BYTES_MAX 200

/* expired sessions of the account go on the way */
static const char open_sql[] =
	"WITH old AS (DELETE FROM siftd.sessions"
	"  WHERE user_id = $1 AND expires_at < now())"
	" INSERT INTO siftd.sessions (user_id, token_hash, expires_at, address,"
	"  user_agent) VALUES ($1, $2, now() + $3 * interval '1 second', $4, $5)";

static const struct column session_columns[] = {
	{ "id", COLUMN_INT },          { "current", COLUMN_BOOL },
	{ "address", COLUMN_TEXT },    { "user_agent", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME }, { "last_used_at", COLUMN_TIME },
	{ "expires_at", COLUMN_TIME },
};

static const struct list session_list = {
	.sql = "SELECT id, id = $2, address, user_agent, " SQL_TIME_US("created_at") ", " SQL_TIME_US(
		"last_used_at") ", " SQL_TIME_US("expires_"
						 "at") " FROM siftd.sessions WHERE user_id = $1 AND expires_at > now()"
						       " AND id < $3 ORDER BY id DESC LIMIT $4",
	.columns = session_columns,
	.columns_count = ARRAY_LEN(session_columns),
	.kind = 's',
	.descending = true,
};

struct opening {
	bool by_cookie;
	char token[TOKEN_TEXT_SIZE];
};

static void on_open(struct request *request, const struct pg_rows *rows)
{
	const struct opening *opening = request->state;
	int64_t lifetime_s = request->api->config.token_lifetime_s;
	struct json_out out = json_out_init(&request->out);
	char csrf[TOKEN_CSRF_SIZE];

	(void)rows; /* an INSERT without RETURNING */
	json_object_begin(&out);
	if (opening->by_cookie) {
		token_csrf(slice_str(opening->token), csrf);
		json_key_string(&out, "csrf_token", slice_str(csrf));
		cookie_set(request, opening->token, lifetime_s);
	} else {
		json_key_string(&out, "access_token", slice_str(opening->token));
	}
	json_key_string(&out, "token_type",
			opening->by_cookie ? SLICE("cookie") : SLICE("bearer"));
	json_key_int(&out, "expires_in", lifetime_s);
	json_object_end(&out);
	request_reply_json(request, 200);
}

/* what the client says of itself, as far as it can be shown */
static struct slice user_agent(const struct request *request)
{
	const char *header = request_header(request, "User-Agent");
	struct slice text = header == NULL ? SLICE("") : slice_str(header);

	text = slice_head(text, USER_AGENT_BYTES_MAX);
	return utf8_valid(text) ? text : SLICE("");
}

void sessions_open(struct request *request, const struct session_owner *owner)
{
	struct db_call call = { .sql = open_sql, .done = on_open };
	struct opening *opening = request_alloc(request, sizeof(*opening));

	request->caller.user_id = owner->user_id;
	request->caller.actor = owner->email;
	request->state = opening;
	opening->by_cookie = owner->by_cookie;
	token_make(opening->token);
	db_add_int(request, &call, owner->user_id);
	db_add_bytes(&call, token_hash_dup(slice_str(opening->token), &request->arena));
	db_add_int(request, &call, request->api->config.token_lifetime_s);
	db_add_text(&call, slice_str(request->address));
	db_add_text(&call, user_agent(request));
	db_run(request, &call);
}

void sessions_list(struct request *request)
{
	struct db_call call = { .sql = session_list.sql };

	db_add_int(request, &call, request->caller.user_id);
	db_add_int(request, &call, request->caller.session_id);
	list_run(request, &session_list, &call);
}

void sessions_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.sessions WHERE user_id = $1 AND id = $2",
	};
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "session"), &id)) {
		request_not_found(request, "session");
		return;
	}
	db_add_int(request, &call, request->caller.user_id);
	db_add_int(request, &call, id);
	object_run_change(request, "session", &call);
}
