/* backtest.c - one statement, one job or one walk at a time, to the answer */
#include "api/backtest.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/columns.h"
#include "api/events_sql.h"
#include "api/events_walk.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define TEMPLATES_PAGE "2000"
#define PAGE_EVENTS ((size_t)20000)
#define NUMBER_SIZE 24

/* what ended it early */
enum cut { CUT_NONE, CUT_TIME, CUT_EVENTS, CUT_MEMORY };

struct backtest {
	struct backtest_wish wish;
	backtest_done_fn *done;
	void *context;
	int64_t begun_us, deadline_us;
	struct backtest_judge *judge;
	/* what is under way: at most one of them */
	struct pg_query *statement;
	struct query_job *job;
	struct events_walk *walk;
	bool cancelled;
	/* of a page of templates */
	struct arena arena;
	struct backtest_template *templates;
	size_t templates_count;
	bool last_templates;
	int64_t behind_key;
	bool has_behind_key;
	/* of the walk */
	struct event_filter filter;
	struct scan_page page;
	bool exhausted;
	enum cut cut;
	struct buf json;
};

static void ask_templates(struct backtest *backtest);
static void walk_on(struct backtest *backtest);

static void backtest_free(struct backtest *backtest)
{
	backtest_judge_free(&backtest->judge);
	rules_free(&backtest->wish.owned);
	arena_deinit(&backtest->arena);
	event_filter_deinit(&backtest->filter);
	scan_page_deinit(&backtest->page);
	buf_deinit(&backtest->json);
	mem_free(backtest);
}

static void finish(struct backtest *backtest, enum events_status status)
{
	backtest->done(backtest->context, status, buf_slice(&backtest->json));
	backtest_free(backtest);
}

static void fail(struct backtest *backtest, enum events_status status, const char *why)
{
	if (status == EVENTS_FAILED)
		log_error("api", "a backtest failed error=\"%s\"", why);
	finish(backtest, status);
}

static bool is_windowed(const struct backtest *backtest)
{
	return rules_get(backtest->wish.rule.rules, backtest->wish.rule.index)
		       ->window.type != WINDOW_NONE;
}

/* false: it has ended, with the error */
static bool check_rows(struct backtest *backtest, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	backtest->statement = NULL;
	if (rows == NULL)
		fail(backtest, events_status_of(error), error->error.text);
	return rows != NULL;
}

static void run_job(struct backtest *backtest, query_run_fn *run, query_done_fn *done)
{
	backtest->job =
		query_workers_submit(backtest->wish.deps.workers, run, done, backtest);
	if (backtest->job == NULL)
		fail(backtest, EVENTS_BUSY, "");
}

/* false: it has ended */
static bool check_job(struct backtest *backtest, bool cancelled)
{
	backtest->job = NULL;
	if (backtest->cancelled)
		backtest_free(backtest);
	else if (cancelled)
		fail(backtest, EVENTS_BUSY, "");
	else
		return true;
	return false;
}

static struct pg_param number_param(char text[NUMBER_SIZE], int64_t value)
{
	int len = snprintf(text, NUMBER_SIZE, "%" PRId64, value);

	return (struct pg_param){ .value = slice_of(text, (size_t)len) };
}

static void write_cut(struct json_out *out, enum cut cut)
{
	static const char *const words[] = {
		[CUT_TIME] = "time", [CUT_EVENTS] = "events", [CUT_MEMORY] = "memory"
	};

	json_key_bool(out, "complete", cut == CUT_NONE);
	json_key(out, "cut_by");
	if (cut == CUT_NONE)
		json_out_null(out);
	else
		json_out_string(out, slice_str(words[cut]));
}

static void write_bound(struct json_out *out, const char *key, int64_t time_us)
{
	json_key(out, key);
	if (time_us == TIMESTAMP_NONE)
		json_out_null(out);
	else
		columns_write_time(out, time_us);
}

static void write_run(struct query_job *job, void *context)
{
	struct backtest *backtest = context;
	const struct backtest_rule *rule = &backtest->wish.rule;
	const struct backtest_stats *stats = backtest_judge_stats(backtest->judge);
	struct json_out out = json_out_init(&backtest->json);

	(void)job;
	json_object_begin(&out);
	json_key_string(&out, "rule",
			slice_str(rules_get(rule->rules, rule->index)->id));
	write_bound(&out, "from", backtest->wish.from_us);
	write_bound(&out, "to", backtest->wish.to_us);
	json_key_uint(&out, "templates", stats->templates);
	json_key_uint(&out, "candidate_templates", stats->candidates);
	json_key_uint(&out, "events", stats->events);
	json_key_uint(&out, "matching", stats->matching);
	if (stats->damaged > 0)
		json_key_uint(&out, "damaged_blocks", stats->damaged);
	backtest_judge_write(backtest->judge, &out);
	/* the last of them may have had no room */
	write_cut(&out,
		  backtest_judge_full(backtest->judge) ? CUT_MEMORY : backtest->cut);
	json_key(&out, "seconds");
	json_double(&out, (double)(clock_monotonic_us() - backtest->begun_us) / 1e6, 3);
	json_object_end(&out);
}

static void on_written(void *context, bool cancelled)
{
	struct backtest *backtest = context;

	if (check_job(backtest, cancelled))
		finish(backtest, EVENTS_OK);
}

static void answer(struct backtest *backtest)
{
	run_job(backtest, write_run, on_written);
}

static void page_run(struct query_job *job, void *context)
{
	struct backtest *backtest = context;

	for (size_t i = 0; i < backtest->page.count && !query_job_cancelled(job); i++)
		backtest_judge_event(backtest->judge, &backtest->page.hits[i]);
}

static void on_page_judged(void *context, bool cancelled)
{
	struct backtest *backtest = context;
	const struct backtest_stats *stats = backtest_judge_stats(backtest->judge);

	if (!check_job(backtest, cancelled))
		return;
	scan_page_deinit(&backtest->page);
	if (backtest->exhausted || backtest_judge_full(backtest->judge))
		backtest->cut = CUT_NONE; /* a full one says so itself */
	else if (stats->events >= backtest->wish.events_max)
		backtest->cut = CUT_EVENTS;
	else if (clock_monotonic_us() >= backtest->deadline_us)
		backtest->cut = CUT_TIME;
	else {
		walk_on(backtest);
		return;
	}
	answer(backtest);
}

static void on_walked(void *context, struct events_walk_result *result)
{
	struct backtest *backtest = context;
	struct scan_page *page = &result->page;

	backtest->walk = NULL;
	backtest->page = *page; /* the receiver's */
	backtest->page.tally = NULL;
	event_tally_deinit(&result->tally);
	if (result->status != EVENTS_OK) {
		fail(backtest, result->status, result->error.text);
		return;
	}
	backtest_judge_stats(backtest->judge)->damaged += result->damaged;
	backtest->exhausted = result->exhausted && !scan_page_full(page);
	backtest->filter.by_seq = true;
	backtest->filter.behind = scan_page_full(page) && page->count > 0
					  ? page->hits[page->count - 1].seq
					  : result->behind;
	run_job(backtest, page_run, on_page_judged);
}

static void walk_on(struct backtest *backtest)
{
	const struct events_walk_config config = {
		.deps = backtest->wish.deps,
		.scope = { .project_id = backtest->wish.project_id },
		.filter = &backtest->filter,
		.count_max = PAGE_EVENTS,
		.deadline_us = backtest->deadline_us,
	};

	backtest->walk = events_walk_start(&config, on_walked, backtest);
}

/* reads events from the oldest received on */
static void begin_walk(struct backtest *backtest)
{
	struct event_filter *filter = &backtest->filter;
	const struct backtest_stats *stats = backtest_judge_stats(backtest->judge);
	size_t count = 0;
	const uint64_t *keys = backtest_judge_candidates(backtest->judge, &count);

	if (count == 0) {
		answer(backtest);
		return;
	}
	*filter = event_filter_init();
	filter->oldest_first = true;
	if (count <= EVENT_FILTER_KEYS_MAX)
		event_filter_add_keys(filter, keys, count);
	event_filter_set_share(filter, stats->candidates_events,
			       stats->templates_events);
	if (rules_get(backtest->wish.rule.rules, backtest->wish.rule.index)->generic)
		filter->levels = 1U << SEVERITY_ERROR | 1U << SEVERITY_CRITICAL;
	filter->by_time = backtest->wish.from_us != TIMESTAMP_NONE ||
			  backtest->wish.to_us != TIMESTAMP_NONE;
	filter->or_observed = true;
	filter->from_us = backtest->wish.from_us; /* NONE: the smallest number */
	filter->to_us = backtest->wish.to_us == TIMESTAMP_NONE ? INT64_MAX
							       : backtest->wish.to_us;
	walk_on(backtest);
}

static void templates_run(struct query_job *job, void *context)
{
	struct backtest *backtest = context;

	for (size_t i = 0; i < backtest->templates_count && !query_job_cancelled(job);
	     i++)
		backtest_judge_template(backtest->judge, &backtest->templates[i]);
}

static void on_templates_judged(void *context, bool cancelled)
{
	struct backtest *backtest = context;

	if (!check_job(backtest, cancelled))
		return;
	arena_reset(&backtest->arena);
	if (!backtest->last_templates)
		ask_templates(backtest);
	else
		begin_walk(backtest);
}

static void on_templates(void *context, const struct pg_rows *rows,
			 const struct pg_error *error)
{
	struct backtest *backtest = context;
	struct arena *arena = &backtest->arena;
	size_t count = 0;

	if (!check_rows(backtest, rows, error))
		return;
	count = pg_rows_count(rows);
	backtest->templates =
		arena_alloc(arena, (count + 1) * sizeof(*backtest->templates));
	for (size_t i = 0; i < count; i++) {
		backtest->behind_key = events_sql_int(rows, i, 0);
		backtest->has_behind_key = true;
		backtest->templates[i] = (struct backtest_template){
			.key = (uint64_t)backtest->behind_key,
			.text = arena_dup(arena, pg_rows_slice(rows, i, 1)),
			.sample = arena_dup(arena, pg_rows_slice(rows, i, 2)),
			.generalised = events_sql_int(rows, i, 3) != 0,
			.pushed = events_sql_int(rows, i, 4) != 0,
			.events = events_sql_int(rows, i, 5),
		};
	}
	backtest->templates_count = count;
	backtest->last_templates = count == 0;
	run_job(backtest, templates_run, on_templates_judged);
}

/* those that have events in the range, and whether some of them came with attributes */
static const char templates_sql[] =
	"WITH used AS (SELECT s.template_key AS key,"
	"  bool_or(i.source_type IN ('push', 'kafka')) AS pushed,"
	"  sum(s.count)::bigint AS events"
	" FROM siftd.group_stats AS s JOIN siftd.ingestions AS i"
	"  ON i.project_id = s.project_id AND i.id = s.ingestion_id"
	" WHERE s.project_id = $1::bigint AND s.last_us >= $2::bigint"
	"  AND s.first_us <= $3::bigint GROUP BY 1)"
	" SELECT t.key, t.text, t.sample, t.generalised, u.pushed, u.events"
	" FROM siftd.templates AS t JOIN used AS u ON u.key = t.key"
	" WHERE t.project_id = $1::bigint AND ($4::bigint IS NULL OR t.key > $4::bigint)"
	" ORDER BY t.key LIMIT " TEMPLATES_PAGE;

static void ask_templates(struct backtest *backtest)
{
	char texts[4][NUMBER_SIZE];
	int64_t to_us = backtest->wish.to_us == TIMESTAMP_NONE ? INT64_MAX
							       : backtest->wish.to_us;
	struct pg_param params[] = {
		number_param(texts[0], backtest->wish.project_id),
		number_param(texts[1], backtest->wish.from_us),
		number_param(texts[2], to_us),
		number_param(texts[3], backtest->behind_key),
	};

	if (!backtest->has_behind_key)
		params[3].value = (struct slice){ 0 };
	backtest->statement = pg_query(backtest->wish.deps.pool, templates_sql, params,
				       ARRAY_LEN(params), true, on_templates, backtest);
}

static void on_span(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct backtest *backtest = context;
	int64_t to_us = backtest->wish.to_us;

	if (!check_rows(backtest, rows, error))
		return;
	if (pg_rows_slice(rows, 0, 0).ptr != NULL && is_windowed(backtest)) {
		int64_t last_us = events_sql_int(rows, 0, 1);

		backtest_judge_see(backtest->judge, events_sql_int(rows, 0, 0));
		backtest_judge_see(
			backtest->judge,
			to_us != TIMESTAMP_NONE && to_us < last_us ? to_us : last_us);
	}
	ask_templates(backtest);
}

/* as siftd.advance_clock, and as far as siftd.tick has moved it */
static const char span_sql[] =
	"SELECT min(timestamp_min_us), greatest(least(max(timestamp_max_us),"
	" (extract(epoch FROM now()) * 1000000)::bigint + 300000000),"
	" (SELECT c.last_us FROM siftd.window_clocks AS c WHERE c.project_id = $1::bigint"
	"  AND c.live_us IS NOT NULL))"
	" FROM siftd.ingestions WHERE project_id = $1::bigint";

struct backtest *backtest_start(const struct backtest_wish *wish,
				backtest_done_fn *done, void *context)
{
	struct backtest *backtest = mem_calloc(1, sizeof(*backtest));
	char text[NUMBER_SIZE];
	struct pg_param param = number_param(text, wish->project_id);

	backtest->wish = *wish;
	backtest->done = done;
	backtest->context = context;
	backtest->begun_us = clock_monotonic_us();
	backtest->deadline_us = backtest->begun_us + wish->time_us;
	backtest->judge = backtest_judge_new(&wish->rule);
	backtest->statement =
		pg_query(wish->deps.pool, span_sql, &param, 1, true, on_span, backtest);
	return backtest;
}

void backtest_cancel(struct backtest **backtest_ptr)
{
	struct backtest *backtest = *backtest_ptr;

	*backtest_ptr = NULL;
	if (backtest == NULL)
		return;
	backtest->cancelled = true;
	if (backtest->statement != NULL)
		pg_query_cancel(backtest->statement);
	events_walk_cancel(&backtest->walk);
	if (backtest->job != NULL)
		query_job_cancel(backtest->job); /* its done frees the test */
	else
		backtest_free(backtest);
}
