/* keys.c - API keys */
#include "api/keys.h"

#include "api/api_key.h"
#include "api/body.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/timestamp.h"

#define NAME_BYTES_MAX 200

static const struct column key_columns[] = {
	{ "id", COLUMN_INT },
	{ "project_id", COLUMN_INT },
	{ "name", COLUMN_TEXT },
	{ "role", COLUMN_TEXT },
	{ "key_id", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },
	{ "last_used_at", COLUMN_TIME },
	{ "expires_at", COLUMN_TIME },
	{ "revoked_at", COLUMN_TIME },
};

/* clang-format off */
#define KEY_FIELDS \
	"id, project_id, name, role, public_id, " SQL_TIME_US("created_at") ", " \
	SQL_TIME_US("last_used_at") ", " SQL_TIME_US("expires_at") ", " SQL_TIME_US("revoked_at")
/* clang-format on */

static const struct list key_list = {
	.sql = "SELECT " KEY_FIELDS " FROM siftd.api_keys"
	       " WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.columns = key_columns,
	.columns_count = ARRAY_LEN(key_columns),
	.kind = 'k',
};

/* no row: the project has as many as it may */
static const char create_sql[] =
	"INSERT INTO siftd.api_keys"
	" (project_id, name, public_id, secret_hash, role, created_by, expires_at)"
	" SELECT $1, $2, $3, $4, $5, $6,"
	"  'epoch'::timestamptz + $7::bigint * interval '1 microsecond'"
	" WHERE (SELECT count(*) FROM siftd.api_keys WHERE project_id = $1"
	"  AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) < $8"
	" RETURNING " KEY_FIELDS;

void keys_list(struct request *request)
{
	struct db_call call = { .sql = key_list.sql };

	db_add_int(request, &call, request->caller.project_id);
	list_run(request, &key_list, &call);
}

static void on_created(struct request *request, const struct pg_rows *rows)
{
	const struct api_key *key = request->state;
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_problem(request, 409,
				"The project has %d API keys; revoke some first.",
				KEYS_MAX);
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, key_columns, ARRAY_LEN(key_columns));
	json_key_string(&out, "key", slice_str(key->text));
	json_object_end(&out);
	request_reply_json(request, 201);
}

/* microseconds, or 0 when the field is absent */
static int64_t read_expiry(struct body *body)
{
	struct slice text =
		body_string(body, "expires_at", (struct body_bounds){ 0, 40 });
	int64_t us = 0;

	if (text.ptr == NULL)
		return 0;
	if (!timestamp_parse(text, &us))
		body_complain(body, "expires_at",
			      "must be a time such as 2030-01-31T00:00:00Z");
	else if (us <= clock_now_us())
		body_complain(body, "expires_at", "must be in the future");
	return us;
}

void keys_create(struct request *request)
{
	static const char *const roles[] = { "ingest", "read", NULL };
	struct api_key *key = request_alloc(request, sizeof(*key));
	struct db_call call = { .sql = create_sql, .done = on_created };
	struct body body = { 0 };
	struct slice name = { 0 };
	struct slice role = { 0 };
	int64_t expires_us = 0;

	if (!body_read(request, &body))
		return;
	name = body_string(&body, "name", (struct body_bounds){ 1, NAME_BYTES_MAX });
	role = body_word(&body, "role", roles, "ingest");
	expires_us = read_expiry(&body);
	if (!body_done(&body))
		return;
	api_key_make(key);
	request->state = key;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, name);
	db_add_text(&call, slice_str(key->id));
	db_add_bytes(&call,
		     slice_of((const char *)key->hash.bytes, sizeof(key->hash.bytes)));
	db_add_text(&call, role);
	db_add_int(request, &call, request->caller.user_id);
	if (expires_us == 0)
		db_add_text(&call, (struct slice){ 0 });
	else
		db_add_int(request, &call, expires_us);
	db_add_int(request, &call, KEYS_MAX);
	db_run(request, &call);
}

/* project and key; false: answered with 404 */
static bool add_key(struct request *request, struct db_call *call)
{
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "key"), &id)) {
		request_not_found(request, "API key");
		return false;
	}
	db_add_int(request, call, request->caller.project_id);
	db_add_int(request, call, id);
	return true;
}

void keys_get(struct request *request)
{
	static const struct object object = { .what = "API key",
					      .columns = key_columns,
					      .columns_count = ARRAY_LEN(key_columns),
					      .status = 200 };
	struct db_call call = {
		.sql = "SELECT " KEY_FIELDS " FROM siftd.api_keys"
		       " WHERE project_id = $1 AND id = $2",
	};

	if (add_key(request, &call))
		object_run(request, &object, &call);
}

void keys_delete(struct request *request)
{
	struct db_call call = {
		.sql = "UPDATE siftd.api_keys"
		       " SET revoked_at = coalesce(revoked_at, now())"
		       " WHERE project_id = $1 AND id = $2",
	};

	if (add_key(request, &call))
		object_run_change(request, "API key", &call);
}

void keys_own(struct request *request)
{
	static const struct column own_columns[] = {
		{ "id", COLUMN_INT },       { "key_id", COLUMN_TEXT },
		{ "name", COLUMN_TEXT },    { "role", COLUMN_TEXT },
		{ "project", COLUMN_JSON }, { "organization", COLUMN_JSON },
	};
	static const struct object object = { .what = "API key",
					      .columns = own_columns,
					      .columns_count = ARRAY_LEN(own_columns),
					      .status = 200 };
	struct db_call call = {
		.sql = "SELECT k.id, k.public_id, k.name, k.role,"
		       " json_build_object('id', p.id, 'name', p.name),"
		       " json_build_object('id', o.id, 'name', o.name)"
		       " FROM siftd.api_keys AS k"
		       " JOIN siftd.projects AS p ON p.id = k.project_id"
		       " JOIN siftd.organisations AS o ON o.id = p.organisation_id"
		       " WHERE k.id = $1",
	};

	db_add_int(request, &call, request->caller.key_id);
	object_run(request, &object, &call);
}
