/* accounts.c - a request that waits for the password thread */
#include "api/accounts.h"

#include "api/context.h"
#include "api/passwords.h"

struct wait {
	struct request *request;
	struct password_job *job;
	account_hashed_fn *hashed;
	account_verified_fn *verified;
};

static void cancel(void *context)
{
	struct wait *wait = context;

	password_job_cancel(wait->job);
}

static struct wait *wait_new(struct request *request)
{
	struct wait *wait = request_alloc(request, sizeof(*wait));

	*wait = (struct wait){ .request = request };
	return wait;
}

static void begin(struct wait *wait, struct password_job *job)
{
	wait->job = job;
	if (job == NULL)
		request_unavailable(wait->request,
				    "Too many passwords are waiting to be checked.");
	else
		request_on_cancel(wait->request, cancel, wait);
}

static void on_hashed(void *context, bool ok, const char *hash)
{
	struct wait *wait = context;

	request_on_cancel(wait->request, NULL, NULL);
	if (ok)
		wait->hashed(wait->request, hash);
	else
		request_unavailable(wait->request,
				    "There is no memory to hash a password.");
}

static void on_verified(void *context, bool ok, const char *hash)
{
	struct wait *wait = context;

	(void)hash; /* of passwords_hash only */
	request_on_cancel(wait->request, NULL, NULL);
	wait->verified(wait->request, ok);
}

void account_hash(struct request *request, struct slice password,
		  account_hashed_fn *done)
{
	struct wait *wait = wait_new(request);

	wait->hashed = done;
	begin(wait, passwords_hash(request->api->passwords, password, on_hashed, wait));
}

void account_verify(struct request *request, struct slice hash, struct slice password,
		    account_verified_fn *done)
{
	struct wait *wait = wait_new(request);

	wait->verified = done;
	begin(wait, passwords_verify(request->api->passwords, hash, password,
				     on_verified, wait));
}

enum made_column {
	MADE_USER,
	MADE_NAME,
	MADE_EMAIL,
	MADE_ORGANISATION,
	MADE_ORGANISATION_NAME,
	MADE_ROLE
};

void account_reply_made(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_int(&out, "id", pg_rows_int(rows, 0, MADE_USER));
	json_key_string(&out, "name", pg_rows_slice(rows, 0, MADE_NAME));
	json_key_string(&out, "email", pg_rows_slice(rows, 0, MADE_EMAIL));
	json_key(&out, "organizations");
	json_array_begin(&out);
	json_object_begin(&out);
	json_key_int(&out, "id", pg_rows_int(rows, 0, MADE_ORGANISATION));
	json_key_string(&out, "name", pg_rows_slice(rows, 0, MADE_ORGANISATION_NAME));
	json_key_string(&out, "role", pg_rows_slice(rows, 0, MADE_ROLE));
	json_object_end(&out);
	json_array_end(&out);
	json_object_end(&out);
	request_reply_json(request, 201);
}
