/* gate.c - rate limits and authorisation, by the table of routes alone
 *
 * One statement answers it all: is the token valid, which role has its user in the
 * organisation of the path, does the project belong to that organisation, and the
 * ingestion to that project. A handler never sees ids that do not belong together.
 *
 * An API key is looked up for each request too, so that it ends when it is revoked;
 * what a key that pushes was told is good for a few seconds, and longer while the
 * database is away (key_memory.h). It belongs to one project: any other is not found.
 */
#include "api/gate.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/context.h"
#include "api/cookie.h"
#include "api/credential.h"
#include "api/db.h"
#include "api/key_memory.h"
#include "api/limiter.h"
#include "api/token.h"
#include "base/clock.h"
#include "base/hash64.h"

#define BAD_TOKEN_CLASS 100
#define CROWD_CLASS 101
/* so many addresses may use up their attempts at an account before it slows */
#define CROWD 3

/* when a session was last used is known to the minute */
static const char authorise_sql[] =
	"WITH s AS (SELECT id, user_id, last_used_at FROM siftd.sessions"
	"  WHERE token_hash = $1 AND expires_at > now()),"
	" used AS (UPDATE siftd.sessions AS t SET last_used_at = now() FROM s"
	"  WHERE t.id = s.id AND s.last_used_at < now() - interval '1 minute')"
	" SELECT s.user_id, coalesce(m.role, ''),"
	" $3::bigint = 0 OR EXISTS (SELECT FROM siftd.projects"
	"  WHERE id = $3 AND organisation_id = $2),"
	" $4::bigint = 0 OR EXISTS (SELECT FROM siftd.ingestions"
	"  WHERE project_id = $3 AND id = $4), s.id, u.email"
	" FROM s JOIN siftd.users AS u ON u.id = s.user_id"
	" LEFT JOIN siftd.memberships AS m"
	"  ON m.user_id = s.user_id AND m.organisation_id = $2::bigint";

static const char key_sql[] =
	"SELECT k.id, encode(k.secret_hash, 'hex'), k.role, k.name, k.project_id,"
	" p.organisation_id,"
	" k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute',"
	" ($2::bigint = 0 OR p.organisation_id = $2)"
	"  AND ($3::bigint = 0 OR k.project_id = $3),"
	" $4::bigint = 0 OR EXISTS (SELECT FROM siftd.ingestions"
	"  WHERE project_id = k.project_id AND id = $4),"
	" coalesce(extract(epoch FROM k.expires_at)::bigint, 0)"
	" FROM siftd.api_keys AS k JOIN siftd.projects AS p"
	"  ON p.id = k.project_id AND p.organisation_id IS NOT NULL"
	" WHERE k.public_id = $1 AND k.revoked_at IS NULL"
	"  AND (k.expires_at IS NULL OR k.expires_at > now())";

/* to the minute, so that a busy key does not write a row for each request */
static const char used_sql[] =
	"UPDATE siftd.api_keys SET last_used_at = now() WHERE id = $1"
	" AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')";

enum key_column {
	KEY_ID,
	KEY_HASH,
	KEY_ROLE,
	KEY_NAME,
	KEY_PROJECT,
	KEY_ORGANISATION,
	KEY_LONG_UNUSED,
	KEY_IN_PROJECT,
	KEY_IN_INGESTION,
	KEY_EXPIRES
};

static unsigned rate_of(const struct api_rates *rates, enum route_limit limit)
{
	switch (limit) {
	case LIMIT_LOGIN:
		return rates->login;
	case LIMIT_REGISTER:
		return rates->registration;
	case LIMIT_WRITE:
		return rates->write;
	case LIMIT_READ:
		return rates->read;
	case LIMIT_PUSH:
		return rates->push;
	case LIMIT_INSIGHT:
		return rates->insight;
	case LIMIT_NONE:
		break;
	}
	return 0;
}

static uint64_t bucket_key(const struct request *request, unsigned class,
			   struct slice who)
{
	return hash64_mix(hash64(who, request->api->limiter_seed), class);
}

static void add_limit_headers(struct request *request,
			      const struct limiter_verdict *verdict)
{
	char text[80];

	/* the numbers fit */
	(void)snprintf(text, sizeof(text), "\"default\";q=%u;w=60", verdict->limit);
	request_set_header(request, "RateLimit-Policy", text);
	(void)snprintf(text, sizeof(text), "\"default\";r=%u;t=%u", verdict->remaining,
		       verdict->reset_s);
	request_set_header(request, "RateLimit", text);
}

static void refuse_rate(struct request *request, const struct limiter_verdict *verdict)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", verdict->reset_s); /* fits */
	request_set_header(request, "Retry-After", text);
	request->list->stats.throttled++;
	request_problem(request, 429,
			"More than %u such requests in a minute; the next may come in "
			"%u s.",
			verdict->limit, verdict->reset_s);
}

bool gate_allow(struct request *request, enum route_limit limit, struct slice who)
{
	unsigned rate = rate_of(&request->api->config.rates, limit);
	struct limiter_verdict verdict = { 0 };

	if (rate == 0)
		return true;
	verdict = limiter_take(request->api->limiter,
			       bucket_key(request, (unsigned)limit, who), rate,
			       clock_monotonic_us());
	if (!verdict.allowed) {
		add_limit_headers(request, &verdict);
		refuse_rate(request, &verdict);
		return false;
	}
	add_limit_headers(request, &verdict);
	return true;
}

bool gate_is_crowded(struct request *request, struct slice account)
{
	unsigned rate = request->api->config.rates.login * CROWD;
	struct limiter_verdict verdict = { 0 };

	if (rate == 0)
		return false;
	verdict = limiter_take(request->api->limiter,
			       bucket_key(request, CROWD_CLASS, account), rate,
			       clock_monotonic_us());
	if (!verdict.allowed)
		request->list->stats.slowed++;
	return !verdict.allowed;
}

static void refuse_token(struct request *request, const char *detail)
{
	request_set_header(request, "WWW-Authenticate", "Bearer realm=\"siftd\"");
	request_problem(request, 401, "%s", detail);
}

static enum role role_of(struct slice name)
{
	if (slice_equal(name, SLICE("admin")))
		return ROLE_ADMIN;
	return slice_equal(name, SLICE("member")) ? ROLE_MEMBER : ROLE_NONE;
}

/* within the rate limit of who asks */
static void call_handler(struct request *request)
{
	const struct caller *caller = &request->caller;
	char who[32];
	int len = caller->key_id == 0
			  ? snprintf(who, sizeof(who), "%" PRId64, caller->user_id)
			  : snprintf(who, sizeof(who), "key %" PRId64, caller->key_id);

	/* it may be a key, or what keys push to */
	if (request->route->method == ROUTE_DELETE)
		key_memory_clear(request->api->key_memory);
	if (gate_allow(request, request->route->limit, slice_of(who, (size_t)len)))
		request_admit(request);
}

static uint64_t bad_token_key(const struct request *request)
{
	return bucket_key(request, BAD_TOKEN_CLASS, slice_str(request->address));
}

static void admit_person(struct request *request)
{
	if (request->route->access == ACCESS_ADMIN &&
	    request->caller.role != ROLE_ADMIN)
		request_problem(request, 403,
				"Only an admin of the organisation may do this.");
	else if (request->route->access == ACCESS_SENDER)
		request_problem(request, 403,
				"Send an API key of the project: a login names none.");
	else
		call_handler(request);
}

static void refuse_bad_token(struct request *request)
{
	unsigned rate = request->api->config.rates.bad_token;

	/* only to count it: the next request is refused unseen when there are many */
	if (rate > 0)
		(void)limiter_take(request->api->limiter, bad_token_key(request), rate,
				   clock_monotonic_us());
	refuse_token(request, "The token or API key is unknown, revoked or expired.");
}

static void on_person(struct request *request, const struct pg_rows *rows)
{
	struct caller *caller = &request->caller;

	if (pg_rows_count(rows) == 0) {
		refuse_bad_token(request);
		return;
	}
	caller->user_id = pg_rows_int(rows, 0, 0);
	caller->session_id = pg_rows_int(rows, 0, 4);
	caller->actor = arena_dup(&request->arena, pg_rows_slice(rows, 0, 5));
	caller->role = role_of(pg_rows_slice(rows, 0, 1));
	if (caller->organisation_id != 0 && caller->role == ROLE_NONE)
		request_not_found(request, "organisation");
	else if (!pg_rows_bool(rows, 0, 2))
		request_not_found(request, "project");
	else if (!pg_rows_bool(rows, 0, 3))
		request_not_found(request, "ingestion");
	else
		admit_person(request);
}

static void ignore_rows(void *context, const struct pg_rows *rows,
			const struct pg_error *error)
{
	(void)context; /* nobody waits */
	(void)rows;
	(void)error; /* the next request tries again */
}

static void note_use(const struct request *request)
{
	char text[24];
	/* 24 bytes hold any int64 */
	int len = snprintf(text, sizeof(text), "%" PRId64, request->caller.key_id);
	struct pg_param param = { .value = slice_of(text, (size_t)len) };

	(void)pg_query(request->api->deps.pool, used_sql, &param, 1, false, ignore_rows,
		       NULL); /* never cancelled */
}

static bool key_may(enum key_role role, enum route_access access)
{
	if (access == ACCESS_READER)
		return role == KEY_ROLE_READ;
	return (access == ACCESS_PUSHER || access == ACCESS_SENDER) &&
	       role == KEY_ROLE_INGEST;
}

static struct slice actor_of_key(struct request *request)
{
	struct buf text = { 0 };
	struct slice actor = { 0 };

	buf_append_str(&text, "key ");
	buf_append_slice(&text, request->caller.key_name);
	actor = arena_dup(&request->arena, buf_slice(&text));
	buf_deinit(&text);
	return actor;
}

static bool is_push(const struct request *request)
{
	return request->route->access == ACCESS_PUSHER ||
	       request->route->access == ACCESS_SENDER;
}

static void keep_key(const struct request *request, int64_t expires_s)
{
	const struct caller *caller = &request->caller;
	const struct known_key key = {
		.id = caller->key_id,
		.project_id = caller->project_id,
		.organisation_id = caller->organisation_id,
		.name = caller->key_name,
		.expires_s = expires_s,
	};

	key_memory_keep(request->api->key_memory, caller->token_hash, &key,
			clock_monotonic_us());
}

/* by what the database said of the key before; false: it is to be asked */
static bool admit_known(struct request *request, bool away)
{
	struct caller *caller = &request->caller;
	const struct known_key *key = NULL;

	if (!is_push(request) || caller->ingestion_id != 0)
		return false;
	key = key_memory_find(request->api->key_memory, caller->token_hash, away,
			      clock_monotonic_us());
	if (key == NULL ||
	    (caller->project_id != 0 && caller->project_id != key->project_id) ||
	    (caller->organisation_id != 0 &&
	     caller->organisation_id != key->organisation_id))
		return false;
	caller->key_id = key->id;
	caller->key_role = KEY_ROLE_INGEST;
	caller->key_name = arena_dup(&request->arena, key->name);
	caller->actor = actor_of_key(request);
	caller->project_id = key->project_id;
	caller->organisation_id = key->organisation_id;
	call_handler(request);
	return true;
}

static bool admit_while_away(struct request *request)
{
	return admit_known(request, true);
}

static void admit_key(struct request *request, const struct pg_rows *rows)
{
	struct caller *caller = &request->caller;
	struct slice role = pg_rows_slice(rows, 0, KEY_ROLE);

	caller->key_id = pg_rows_int(rows, 0, KEY_ID);
	caller->key_role =
		slice_equal(role, SLICE("read")) ? KEY_ROLE_READ : KEY_ROLE_INGEST;
	caller->key_name = arena_dup(&request->arena, pg_rows_slice(rows, 0, KEY_NAME));
	caller->actor = actor_of_key(request);
	caller->project_id = pg_rows_int(rows, 0, KEY_PROJECT);
	caller->organisation_id = pg_rows_int(rows, 0, KEY_ORGANISATION);
	if (pg_rows_bool(rows, 0, KEY_LONG_UNUSED))
		note_use(request);
	if (caller->key_role == KEY_ROLE_INGEST)
		keep_key(request, pg_rows_int(rows, 0, KEY_EXPIRES));
	if (key_may(caller->key_role, request->route->access))
		call_handler(request);
	else if (caller->key_role == KEY_ROLE_READ)
		request_problem(request, 403, "This API key may only read.");
	else
		request_problem(request, 403, "This API key may only push logs.");
}

static void on_key(struct request *request, const struct pg_rows *rows)
{
	struct token_hash hash = { 0 };

	memcpy(hash.bytes, request->caller.token_hash.ptr, sizeof(hash.bytes));
	if (pg_rows_count(rows) == 0 ||
	    !token_hash_equals_hex(&hash, pg_rows_slice(rows, 0, KEY_HASH)))
		refuse_bad_token(request);
	else if (!pg_rows_bool(rows, 0, KEY_IN_PROJECT))
		request_not_found(request, "project");
	else if (!pg_rows_bool(rows, 0, KEY_IN_INGESTION))
		request_not_found(request, "ingestion");
	else
		admit_key(request, rows);
}

/* the id of a path parameter, 0 when the pattern has none; false: not an id */
static bool read_path_id(const struct request *request, const char *name, int64_t *out)
{
	struct slice text = route_param(&request->params, name);

	*out = 0;
	return text.ptr == NULL || query_id(text, out);
}

static bool read_scope(struct request *request)
{
	struct caller *caller = &request->caller;

	if (!read_path_id(request, "org", &caller->organisation_id))
		request_not_found(request, "organisation");
	else if (!read_path_id(request, "project", &caller->project_id))
		request_not_found(request, "project");
	else if (!read_path_id(request, "ingestion", &caller->ingestion_id))
		request_not_found(request, "ingestion");
	else
		return true;
	return false;
}

/* an address that showed many wrong tokens is not worth a query */
static bool may_try_token(struct request *request)
{
	unsigned rate = request->api->config.rates.bad_token;
	struct limiter_verdict verdict = { .allowed = true };

	if (rate > 0)
		verdict = limiter_look(request->api->limiter, bad_token_key(request),
				       rate, clock_monotonic_us());
	if (!verdict.allowed)
		refuse_rate(request, &verdict);
	return verdict.allowed;
}

/* false: answered with 401 or 403. The header goes before the cookie */
static bool find_credential(struct request *request, struct credential *out)
{
	const char *header = request_header(request, "Authorization");

	if (header != NULL && credential_of_header(header, &request->arena, out))
		return true;
	if (header == NULL && cookie_read(request, &out->text)) {
		request->caller.by_cookie = true;
		if (request->route->method == ROUTE_GET ||
		    request->route->method == ROUTE_OPTIONS ||
		    cookie_has_csrf_token(request, out->text))
			return true;
		request_problem(request, 403,
				"With a cookie, changes need its token in the header "
				"X-CSRF-Token; auth/me tells it.");
		return false;
	}
	refuse_token(request, "Send a token or an API key in the header: "
			      "Authorization: Bearer ...");
	return false;
}

static bool read_credential(struct request *request, struct credential *out)
{
	if (!may_try_token(request) || !find_credential(request, out))
		return false;
	request->caller.token_hash = token_hash_dup(out->text, &request->arena);
	return true;
}

static void authorise(struct request *request)
{
	struct caller *caller = &request->caller;
	struct credential credential = { 0 };
	struct db_call call = { .sql = authorise_sql, .done = on_person };

	if (!read_credential(request, &credential) || !read_scope(request))
		return;
	if (credential.key_id.ptr == NULL) {
		db_add_bytes(&call, caller->token_hash);
	} else {
		if (admit_known(request, false))
			return;
		call = (struct db_call){ .sql = key_sql,
					 .done = on_key,
					 .away = admit_while_away };
		db_add_text(&call, credential.key_id);
	}
	db_add_int(request, &call, caller->organisation_id);
	db_add_int(request, &call, caller->project_id);
	db_add_int(request, &call, caller->ingestion_id);
	db_run(request, &call);
}

void gate_admit(struct request *request)
{
	if (request->route->access != ACCESS_PUBLIC)
		authorise(request);
	else if (gate_allow(request, request->route->limit,
			    slice_str(request->address)))
		request_admit(request);
}
