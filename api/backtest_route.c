/* backtest_route.c - finds or compiles the rule, then tries it
 *
 *	shipped: -------------------------------------> backtest -> answer
 *	own:     look up its source -> compile (worker) --^
 *	source:  compile (worker) ------------------------^
 */
#include "api/backtest_route.h"

#include <stdlib.h>

#include "api/backtest.h"
#include "api/body.h"
#include "api/context.h"
#include "api/db.h"
#include "api/event_routes.h"
#include "api/query_workers.h"
#include "api/rule_trial.h"
#include "api/rules.h"
#include "base/clock.h"
#include "base/mem.h"

#define RULE_ID_BYTES_MAX 200

/* outlives the request when the client goes away while a rule is compiled */
struct run {
	struct request *request; /* NULL: it has gone */
	struct query_job *job;
	struct rule_trial trial;
	struct backtest *backtest;
	int64_t from_us, to_us;
};

static void run_free(struct run *run)
{
	rule_trial_deinit(&run->trial);
	mem_free(run);
}

static void on_gone(void *context)
{
	struct run *run = context;

	if (run->backtest != NULL)
		run->request->api->backtests--;
	run->request = NULL;
	backtest_cancel(&run->backtest);
	if (run->job != NULL)
		query_job_cancel(run->job); /* its done frees the run */
	else
		run_free(run);
}

static void on_answer(void *context, enum events_status status, struct slice json)
{
	struct run *run = context;
	struct request *request = run->request;
	const struct events_answer refusal = { .status = status };

	request->api->backtests--;
	request_on_cancel(request, NULL, NULL);
	if (status == EVENTS_OK) {
		buf_append_slice(&request->out, json);
		request_reply_json(request, 200);
	} else {
		event_routes_refuse(request, &refusal);
	}
	run_free(run);
}

/* rules: NULL, or what the backtest takes over */
static void begin(struct run *run, const struct backtest_rule *rule,
		  struct rules *rules)
{
	struct request *request = run->request;
	struct api_context *api = request->api;
	const struct backtest_wish wish = {
		.deps = event_routes_deps(request),
		.project_id = request->caller.project_id,
		.rule = *rule,
		.owned = rules,
		.from_us = run->from_us,
		.to_us = run->to_us,
		.time_us = api->config.backtest_time_us,
		.events_max = api->config.backtest_events_max,
	};

	api->backtests++;
	run->backtest = backtest_start(&wish, on_answer, run);
	request_on_cancel(request, on_gone, run);
}

static void compile_run(struct query_job *job, void *context)
{
	struct run *run = context;

	(void)job;
	rule_trial_run(&run->trial);
}

static void on_compiled(void *context, bool cancelled)
{
	struct run *run = context;
	struct request *request = run->request;
	struct rules *rules = NULL;

	run->job = NULL;
	if (request == NULL) {
		run_free(run);
		return;
	}
	if (!cancelled && run->trial.good) {
		rules = run->trial.rules;
		run->trial.rules = NULL;
		begin(run,
		      &(struct backtest_rule){ rules, 0, request->api->deps.rules },
		      rules);
		return;
	}
	request_on_cancel(request, NULL, NULL);
	if (cancelled)
		request_unavailable(request, "siftd is stopping.");
	else
		request_problem_field(request, "source", "%s", run->trial.error.text);
	run_free(run);
}

static void compile(struct run *run, struct slice source)
{
	struct request *request = run->request;

	run->trial.source = mem_slice_dup(source);
	run->trial.now_us = clock_now_us();
	run->job = query_workers_submit(request->api->deps.workers, compile_run,
					on_compiled, run);
	if (run->job != NULL) {
		request_on_cancel(request, on_gone, run);
		return;
	}
	run_free(run);
	request_unavailable(request, "Too much is asked at once.");
}

static void on_source(struct request *request, const struct pg_rows *rows)
{
	struct run *run = mem_calloc(1, sizeof(*run));
	const struct run *wanted = request->state;

	if (pg_rows_count(rows) == 0) {
		mem_free(run);
		request_not_found(request, "rule");
		return;
	}
	*run = *wanted;
	compile(run, pg_rows_slice(rows, 0, 0));
}

static void look_up(struct request *request, const struct run *wanted, struct slice id)
{
	struct run *state = request_alloc(request, sizeof(*state));
	struct db_call call = {
		.sql = "SELECT source FROM siftd.rules WHERE project_id = $1"
		       " AND rule_id = $2",
		.done = on_source,
	};

	*state = *wanted;
	request->state = state;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, id);
	db_run(request, &call);
}

static bool find_shipped(const struct request *request, struct slice id,
			 struct backtest_rule *out)
{
	const struct rules *rules = request->api->deps.rules;

	for (size_t i = 0; rules != NULL && i < rules_count(rules); i++) {
		if (!rules_get(rules, i)->is_partner &&
		    slice_equal(id, slice_str(rules_get(rules, i)->id))) {
			*out = (struct backtest_rule){ rules, i, rules };
			return true;
		}
	}
	return false;
}

/* TIMESTAMP_NONE: it is open there */
static int64_t read_time(struct body *body, const char *field)
{
	struct slice text = body_time(body, field);

	return text.ptr == NULL ? TIMESTAMP_NONE : strtoll(text.ptr, NULL, 10);
}

void backtest_route(struct request *request)
{
	struct run wanted = { .request = request };
	struct backtest_rule rule = { 0 };
	struct body body = { 0 };
	struct slice source = { 0 };
	struct slice id = { 0 };
	struct run *run = NULL;

	if (!body_read(request, &body))
		return;
	source = body_string(&body, "source",
			     (struct body_bounds){ 0, RULES_SOURCE_MAX });
	id = body_string(&body, "rule", (struct body_bounds){ 0, RULE_ID_BYTES_MAX });
	wanted.from_us = read_time(&body, "from");
	wanted.to_us = read_time(&body, "to");
	if ((source.ptr == NULL) == (id.ptr == NULL))
		body_complain(&body, "source", "either source or rule is needed");
	if (!body_done(&body))
		return;
	if (request->api->backtests >= request->api->config.backtests_max) {
		request_unavailable(request, "Other rules are being tried.");
		return;
	}
	if (id.ptr != NULL && !find_shipped(request, id, &rule)) {
		look_up(request, &wanted, id);
		return;
	}
	run = mem_calloc(1, sizeof(*run));
	*run = wanted;
	if (id.ptr != NULL)
		begin(run, &rule, NULL);
	else
		compile(run, source);
}
