/* event_routes.c - events by HTTP */
#include "api/event_routes.h"

#include <assert.h>

#include "api/context.h"
#include "api/events.h"
#include "api/kept_answers.h"
#include "api/request.h"
#include "base/log.h"

#define AROUND_DEFAULT 10

struct running {
	struct request *request;
	struct events_query *query;
};

void event_routes_refuse(struct request *request, const struct events_answer *answer)
{
	switch (answer->status) {
	case EVENTS_OK:
	case EVENTS_STATUSES:
		assert(false);
		break;
	case EVENTS_NOT_FOUND:
		request_not_found(request, "event");
		break;
	case EVENTS_BUSY:
		request_unavailable(request, "Too many event queries are running.");
		break;
	case EVENTS_AWAY:
		request_unavailable(request, "The database is away.");
		break;
	case EVENTS_TIMEOUT:
		request_unavailable(request,
				    "The query took longer than query.time allows, and "
				    "was ended; ask for less, such as a shorter time "
				    "range.");
		break;
	case EVENTS_TOO_COSTLY:
		request_problem_field(request, "q",
				      "The pattern takes too many steps on some "
				      "events; write it with fewer repetitions.");
		break;
	case EVENTS_TOO_LARGE:
		request_problem(request, 422,
				"An event is larger than query.memory lets a query "
				"hold; leave it out by a time range or another "
				"filter.");
		break;
	case EVENTS_FAILED:
		log_error("api", "event query failed id=%s error=%s", request->id,
			  answer->error.text);
		request_problem(request, 500,
				"The query failed; siftd's log has the reason under "
				"this request_id.");
		break;
	}
}

static void on_answer(void *context, const struct events_answer *answer)
{
	struct running *running = context;
	struct request *request = running->request;

	request_on_cancel(request, NULL, NULL);
	if (answer->status != EVENTS_OK) {
		event_routes_refuse(request, answer);
		return;
	}
	buf_append_slice(&request->out, answer->json);
	if (!answer->whole)
		kept_answers_limit(request, 0);
	kept_answers_reply(request);
}

static void cancel(void *context)
{
	struct running *running = context;

	events_query_cancel(&running->query);
}

static struct running *running_new(struct request *request)
{
	struct running *running = request_alloc(request, sizeof(*running));

	*running = (struct running){ .request = request };
	return running;
}

struct events_deps event_routes_deps(const struct request *request)
{
	struct api_context *api = request->api;

	return (struct events_deps){
		.pool = api->deps.pool,
		.workers = api->deps.workers,
		.words = api->deps.words,
		.blocks = api->deps.blocks,
		.limits = { api->config.query_time_us, api->config.query_memory_bytes },
		.stats = api->events_stats,
	};
}

struct events_scope event_routes_scope(const struct request *request)
{
	return (struct events_scope){ request->caller.project_id,
				      request->caller.ingestion_id };
}

static void await(struct running *running, struct events_query *query)
{
	running->query = query;
	request_on_cancel(running->request, cancel, running);
}

bool event_routes_filter(struct request *request, struct event_filter *out)
{
	struct error error = { 0 };
	const char *field = NULL;

	if (event_filter_from_query(&request->query, out, &field, &error) == 0)
		return true;
	request_problem_field(request, field, "%s.", error.text);
	return false;
}

static void list_anew(struct request *request)
{
	struct running *running = running_new(request);
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);
	struct event_filter filter = { 0 };

	if (!event_routes_filter(request, &filter))
		return;
	await(running, events_query_start(&deps, &scope, &filter, on_answer, running));
	event_filter_deinit(&filter);
}

void event_routes_list(struct request *request)
{
	kept_answers_ask(request, list_anew);
}

/* false: answered with 404 */
static bool read_seq(struct request *request, int64_t *out)
{
	if (query_id(route_param(&request->params, "seq"), out))
		return true;
	request_not_found(request, "event");
	return false;
}

void event_routes_get(struct request *request)
{
	struct running *running = running_new(request);
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);
	int64_t seq = 0;

	if (read_seq(request, &seq))
		await(running,
		      events_one_start(&deps, &scope, seq, on_answer, running));
}

/* false: answered with 422 */
static bool read_count(struct request *request, const char *name, unsigned *out)
{
	struct query_int want = { name, 0, EVENTS_AROUND_MAX };
	struct error error = { 0 };
	int64_t value = AROUND_DEFAULT;

	if (query_read_int(&request->query, &want, &value, &error) != 0) {
		request_problem_field(request, name, "%s.", error.text);
		return false;
	}
	*out = (unsigned)value;
	return true;
}

void event_routes_context(struct request *request)
{
	struct running *running = running_new(request);
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);
	struct events_around around = { 0 };

	if (read_seq(request, &around.seq) &&
	    read_count(request, "before", &around.before) &&
	    read_count(request, "after", &around.after))
		await(running,
		      events_around_start(&deps, &scope, &around, on_answer, running));
}
