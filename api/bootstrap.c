/* bootstrap.c - looks for users -> hashes a random password -> makes the admin
 *
 * Two daemons that start at once on one empty database: the unique e-mail address lets
 * one of them win, and the other finds that users exist.
 */
#include "api/bootstrap.h"

#include <sodium.h>
#include <stdio.h>

#include "api/passwords.h"
#include "base/mem.h"
#include "sinks/pg_pool.h"

#define ADMIN_EMAIL "admin@localhost"

static const char make_admin_sql[] =
	"WITH known AS (SELECT id FROM siftd.organisations WHERE name = 'default'"
	"  ORDER BY id LIMIT 1),"
	" made AS (INSERT INTO siftd.organisations (name)"
	"  SELECT 'default' WHERE NOT EXISTS (SELECT FROM known) RETURNING id),"
	" organisation AS (SELECT id FROM known UNION ALL SELECT id FROM made),"
	" person AS (INSERT INTO siftd.users (name, email, password_hash)"
	"  SELECT 'admin', '" ADMIN_EMAIL "', $1"
	"  WHERE NOT EXISTS (SELECT FROM siftd.users)"
	"  ON CONFLICT DO NOTHING RETURNING id)"
	" INSERT INTO siftd.memberships (organisation_id, user_id, role)"
	" SELECT organisation.id, person.id, 'admin' FROM organisation, person";

enum bootstrap_state { LOOKING, HASHING, WRITING, FINISHED };

struct bootstrap {
	struct api_context *api;
	api_bootstrap_fn *done;
	void *context;
	enum bootstrap_state state;
	struct pg_query *query;
	struct password_job *job;
	char password[PASSWORD_TEXT_SIZE];
};

static void finish(struct bootstrap *bootstrap, const char *text,
		   const struct error *error)
{
	bootstrap->state = FINISHED;
	bootstrap->done(bootstrap->context, text, error);
	bootstrap->api->ready = true;
}

static void on_written(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct bootstrap *bootstrap = context;
	char text[200];

	if (rows == NULL) {
		finish(bootstrap, NULL, &error->error);
		return;
	}
	/* the parts are shorter than the buffer */
	(void)snprintf(text, sizeof(text), "%s password: %s", ADMIN_EMAIL,
		       bootstrap->password);
	finish(bootstrap, pg_rows_affected(rows) > 0 ? text : NULL, NULL);
	sodium_memzero(text, sizeof(text));
}

static void on_hashed(void *context, bool ok, const char *hash)
{
	struct bootstrap *bootstrap = context;
	struct pg_param param = { 0 };
	struct error error = { 0 };

	if (!ok) {
		(void)error_set(&error, "bootstrap: no memory to hash a password");
		finish(bootstrap, NULL, &error);
		return;
	}
	param.value = slice_str(hash);
	bootstrap->state = WRITING;
	bootstrap->query = pg_query(bootstrap->api->deps.pool, make_admin_sql, &param,
				    1, false, on_written, bootstrap);
}

static void on_counted(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct bootstrap *bootstrap = context;
	struct error busy = { 0 };

	if (rows == NULL) {
		finish(bootstrap, NULL, &error->error);
		return;
	}
	if (pg_rows_bool(rows, 0, 0)) {
		finish(bootstrap, NULL, NULL);
		return;
	}
	password_make(bootstrap->password);
	bootstrap->state = HASHING;
	bootstrap->job =
		passwords_hash(bootstrap->api->passwords,
			       slice_str(bootstrap->password), on_hashed, bootstrap);
	if (bootstrap->job == NULL) {
		(void)error_set(&busy, "bootstrap: too many passwords are waiting");
		finish(bootstrap, NULL, &busy);
	}
}

struct bootstrap *bootstrap_start(struct api_context *api, api_bootstrap_fn *done,
				  void *context)
{
	struct bootstrap *bootstrap = mem_calloc(1, sizeof(*bootstrap));

	bootstrap->api = api;
	bootstrap->done = done;
	bootstrap->context = context;
	bootstrap->state = LOOKING;
	bootstrap->query =
		pg_query(api->deps.pool, "SELECT EXISTS (SELECT FROM siftd.users)",
			 NULL, 0, false, on_counted, bootstrap);
	return bootstrap;
}

void bootstrap_free(struct bootstrap **bootstrap_ptr)
{
	struct bootstrap *bootstrap = *bootstrap_ptr;

	if (bootstrap == NULL)
		return;
	switch (bootstrap->state) {
	case LOOKING:
	case WRITING:
		pg_query_cancel(bootstrap->query);
		break;
	case HASHING:
		password_job_cancel(bootstrap->job);
		break;
	case FINISHED:
		break;
	}
	sodium_memzero(bootstrap->password, sizeof(bootstrap->password));
	mem_free(bootstrap);
	*bootstrap_ptr = NULL;
}
