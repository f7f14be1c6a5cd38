/* tail_guard.c - one list of passes, one statement for all of them */
#include "api/tail_guard.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sinks/pg_array.h"
#include "sinks/pg_pool.h"

/* numbers of the passes that hold no more; key 0: a person's session. What the gate
 * asks of a reader, without what cannot change */
static const char void_sql[] =
	"SELECT w.number FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],"
	"  $4::bigint[]) AS w(number, session, key, project)"
	" WHERE NOT EXISTS (SELECT FROM siftd.projects AS p"
	"  WHERE p.id = w.project AND CASE WHEN w.key = 0"
	"   THEN EXISTS (SELECT FROM siftd.sessions AS s JOIN siftd.memberships AS m"
	"    ON m.user_id = s.user_id AND m.organisation_id = p.organisation_id"
	"    WHERE s.id = w.session AND s.expires_at > now())"
	"   ELSE EXISTS (SELECT FROM siftd.api_keys AS k"
	"    WHERE k.id = w.key AND k.project_id = p.id AND k.revoked_at IS NULL"
	"    AND (k.expires_at IS NULL OR k.expires_at > now())) END)"
	" ORDER BY 1 DESC";

enum array { ARRAY_NUMBER, ARRAY_SESSION, ARRAY_KEY, ARRAY_PROJECT, ARRAY_COUNT };

struct tail_guard {
	struct pg_pool *pool;
	struct pg_query *query;
	struct event *tick;
	struct timeval interval;
	struct tail_pass *first; /* the newest: numbers fall */
	uint64_t numbers;
	uint64_t revoked;
};

/* rows and list are both in falling order; a callback may end any pass, so the list is
 * looked through anew */
static struct tail_pass *find(struct tail_guard *guard, uint64_t number)
{
	struct tail_pass *pass = guard->first;

	while (pass != NULL && pass->number > number)
		pass = pass->next;
	return pass != NULL && pass->number == number ? pass : NULL;
}

static void on_void(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct tail_guard *guard = context;

	(void)error; /* the next tick asks again; the pool has logged it */
	guard->query = NULL;
	for (size_t i = 0; rows != NULL && i < pg_rows_count(rows); i++) {
		struct tail_pass *pass = find(guard, (uint64_t)pg_rows_int(rows, i, 0));

		if (pass == NULL)
			continue;
		tail_pass_end(guard, pass);
		guard->revoked++;
		pass->revoked(pass->context);
	}
}

static void ask(struct tail_guard *guard)
{
	struct pg_array arrays[ARRAY_COUNT] = { 0 };
	struct pg_param params[ARRAY_COUNT];

	for (size_t i = 0; i < ARRAY_COUNT; i++)
		pg_array_begin(&arrays[i], PG_INT8);
	for (const struct tail_pass *pass = guard->first; pass != NULL;
	     pass = pass->next) {
		pg_array_uint8(&arrays[ARRAY_NUMBER], pass->number);
		pg_array_int8(&arrays[ARRAY_SESSION], pass->caller->session_id);
		pg_array_int8(&arrays[ARRAY_KEY], pass->caller->key_id);
		pg_array_int8(&arrays[ARRAY_PROJECT], pass->caller->project_id);
	}
	for (size_t i = 0; i < ARRAY_COUNT; i++)
		params[i] = (struct pg_param){ .value = pg_array_end(&arrays[i]),
					       .binary = true };
	guard->query = pg_query(guard->pool, void_sql, params, ARRAY_COUNT, false,
				on_void, guard);
	for (size_t i = 0; i < ARRAY_COUNT; i++)
		pg_array_deinit(&arrays[i]);
}

static void tick(evutil_socket_t fd, short events, void *context)
{
	struct tail_guard *guard = context;

	(void)fd;     /* none */
	(void)events; /* the time is over */
	if (guard->first == NULL)
		return;
	if (guard->query == NULL)
		ask(guard);
	(void)event_add(guard->tick, &guard->interval); /* cannot fail: it was made */
}

struct tail_guard *tail_guard_new(struct event_base *base, struct pg_pool *pool,
				  int64_t interval_us)
{
	struct tail_guard *guard = mem_calloc(1, sizeof(*guard));

	guard->pool = pool;
	guard->interval = (struct timeval){ .tv_sec = interval_us / 1000000,
					    .tv_usec = interval_us % 1000000 };
	guard->tick = evtimer_new(base, tick, guard);
	if (guard->tick == NULL)
		abort(); /* out of memory */
	return guard;
}

void tail_guard_free(struct tail_guard **guard_ptr)
{
	struct tail_guard *guard = *guard_ptr;

	if (guard == NULL)
		return;
	if (guard->query != NULL)
		pg_query_cancel(guard->query);
	event_free(guard->tick);
	mem_free(guard);
	*guard_ptr = NULL;
}

uint64_t tail_guard_revoked(const struct tail_guard *guard)
{
	return guard->revoked;
}

void tail_pass_begin(struct tail_guard *guard, struct tail_pass *pass)
{
	pass->number = ++guard->numbers;
	pass->previous = NULL;
	pass->next = guard->first;
	if (guard->first != NULL)
		guard->first->previous = pass;
	guard->first = pass;
	if (!evtimer_pending(guard->tick, NULL))
		(void)event_add(guard->tick, &guard->interval); /* it was made */
}

void tail_pass_end(struct tail_guard *guard, struct tail_pass *pass)
{
	if (pass->previous != NULL)
		pass->previous->next = pass->next;
	else
		guard->first = pass->next;
	if (pass->next != NULL)
		pass->next->previous = pass->previous;
}
