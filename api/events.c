/* events.c - a query from its filter to its JSON: keys, walks, groups, rendering */
#include "api/events.h"

#include "api/events_form.h"
#include "api/events_render.h"
#include "api/events_sql.h"
#include "api/events_walk.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/table.h"

enum events_form {
	EVENTS_FORM_PAGE,
	EVENTS_FORM_ONE,
	EVENTS_FORM_AROUND,
	EVENTS_FORM_TALLY
};

struct events_query {
	struct events_deps deps;
	struct events_scope scope;
	struct event_filter filter;
	enum events_form form;
	struct events_around around;
	events_done_fn *done;
	void *context;
	int64_t deadline_us;
	/* what is under way: at most one of them */
	struct pg_query *statement;
	struct events_walk *walk;
	struct query_job *job;
	bool cancelled;
	/* what was found; before the event, and from it on, of EVENTS_FORM_AROUND */
	struct scan_page before;
	struct scan_page found;
	struct scan_hit *hits; /* of both, in the order of the answer */
	struct table groups;   /* template key -> its group */
	bool knows_groups;     /* of all that will be found */
	char cursor[CURSOR_TEXT_SIZE];
	int64_t behind; /* as the cursor says */
	bool cut;       /* before the page was full */
	struct event_tally tally;
	struct events_rendering rendering;
	struct buf json;
};

static void query_free(struct events_query *query)
{
	event_filter_deinit(&query->filter);
	event_tally_deinit(&query->tally);
	scan_page_deinit(&query->before);
	scan_page_deinit(&query->found);
	mem_free(query->hits);
	table_deinit(&query->groups);
	buf_deinit(&query->json);
	mem_free(query);
}

static void finish(struct events_query *query, enum events_status status,
		   const char *why)
{
	struct events_answer answer = { .status = status,
					.json = buf_slice(&query->json),
					.whole = !query->cut &&
						 query->rendering.damaged == 0,
					.has_more = query->rendering.has_more,
					.behind = query->behind,
					.count = (int64_t)query->rendering.count,
					.tally = &query->tally };

	query->deps.stats->ended[status]++;
	query->deps.stats->running--;

	if (why != NULL)
		(void)error_set(&answer.error, "%s", why); /* always -1 */
	query->done(query->context, &answer);
	query_free(query);
}

static void render_run(struct query_job *job, void *context)
{
	struct events_query *query = context;

	(void)job;
	switch (query->form) {
	case EVENTS_FORM_PAGE:
		events_render_form(&query->rendering, query->filter.form, &query->json);
		break;
	case EVENTS_FORM_ONE:
		events_render_one(&query->rendering, &query->json);
		break;
	case EVENTS_FORM_AROUND:
		events_render_list(&query->rendering, &query->json);
		break;
	case EVENTS_FORM_TALLY:
		break; /* there are no items */
	}
}

static void render_done(void *context, bool cancelled)
{
	struct events_query *query = context;

	query->job = NULL;
	if (query->cancelled)
		query_free(query);
	else if (cancelled)
		finish(query, EVENTS_BUSY, "siftd is stopping");
	else
		finish(query, EVENTS_OK, NULL);
}

static void render(struct events_query *query)
{
	query->rendering.groups = &query->groups;
	query->rendering.with_raw = query->filter.with_raw;
	query->job = query_workers_submit(query->deps.workers, render_run, render_done,
					  query);
	if (query->job == NULL)
		finish(query, EVENTS_BUSY, "too many searches are running");
}

static void on_groups(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct events_query *query = context;

	query->statement = NULL;
	if (rows == NULL) {
		finish(query, events_status_of(error), error->error.text);
		return;
	}
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		uint64_t key = (uint64_t)events_sql_int(rows, i, GROUPS_KEY);

		*table_put(&query->groups, key, NULL) =
			(uint64_t)events_sql_int(rows, i, GROUPS_ID);
	}
	render(query);
}

static void run_sql(struct events_query *query, struct events_sql *sql,
		    pg_query_fn *done)
{
	buf_append_char(&sql->text, '\0');
	query->statement = pg_query(query->deps.pool, sql->text.data, sql->params,
				    sql->params_count, true, done, query);
	events_sql_deinit(sql);
}

/* looks up the groups of the events that will be shown */
static void find_groups(struct events_query *query)
{
	struct events_sql sql = { 0 };
	size_t count = query->rendering.count;
	uint64_t *keys = NULL;

	if (count == 0 || query->knows_groups) {
		render(query);
		return;
	}
	keys = mem_calloc(count, sizeof(*keys));
	for (size_t i = 0; i < count; i++)
		keys[i] = query->rendering.hits[i].event.template_key;
	events_sql_groups(&sql, query->scope.project_id, keys, count);
	mem_free(keys);
	run_sql(query, &sql, on_groups);
}

static void end_page(struct events_query *query,
		     const struct events_walk_result *result)
{
	struct events_rendering *rendering = &query->rendering;
	size_t count = query->found.count;
	bool full = scan_page_full(&query->found);
	bool surplus = count > query->filter.limit;

	rendering->hits = query->found.hits;
	rendering->count = surplus ? query->filter.limit : count;
	rendering->damaged = result->damaged;
	rendering->has_more = surplus || full || !result->exhausted;
	if (!rendering->has_more) {
		find_groups(query);
		return;
	}
	/* where the walk stands is behind what it has not shown when the page is full
	 */
	query->behind =
		full ? rendering->hits[rendering->count - 1].seq : result->behind;
	query->cut = !full;
	query->deps.stats->cut += query->cut;
	event_cursor_write(query->filter.oldest_first, query->behind, query->cursor);
	rendering->next_cursor = query->cursor;
	find_groups(query);
}

static void end_tally(struct events_query *query,
		      const struct events_walk_result *result)
{
	query->rendering.damaged = result->damaged;
	if (result->exhausted)
		finish(query, EVENTS_OK, NULL);
	else
		finish(query, EVENTS_TIMEOUT, "counting took too long");
}

static void end_one(struct events_query *query)
{
	if (query->found.count == 0 || query->found.hits[0].seq != query->around.seq) {
		finish(query, EVENTS_NOT_FOUND, "there is no such event");
		return;
	}
	query->rendering.hits = query->found.hits;
	query->rendering.count = 1;
	find_groups(query);
}

/* the hits before the event were found newest first */
static void end_around(struct events_query *query)
{
	const struct scan_page *before = &query->before;
	const struct scan_page *from = &query->found;

	if (from->count == 0 || from->hits[0].seq != query->around.seq) {
		finish(query, EVENTS_NOT_FOUND, "there is no such event");
		return;
	}
	query->hits = mem_calloc(before->count + from->count, sizeof(*query->hits));
	for (size_t i = 0; i < before->count; i++)
		query->hits[i] = before->hits[before->count - 1 - i];
	memcpy(query->hits + before->count, from->hits,
	       from->count * sizeof(*from->hits));
	query->rendering.hits = query->hits;
	query->rendering.count = before->count + from->count;
	find_groups(query);
}

static events_walk_fn on_walked_before;

static void walk(struct events_query *query, size_t count_max, events_walk_fn *done)
{
	const struct events_walk_config config = {
		.deps = query->deps,
		.scope = query->scope,
		.filter = &query->filter,
		.count_max = count_max,
		.count = query->form == EVENTS_FORM_TALLY,
		.count_width_us = query->tally.width_us,
		.deadline_us = query->deadline_us,
	};

	query->walk = events_walk_start(&config, done, query);
}

static void on_walked(void *context, struct events_walk_result *result)
{
	struct events_query *query = context;

	query->walk = NULL;
	query->found = result->page;
	query->tally = result->tally;
	if (result->status != EVENTS_OK) {
		finish(query, result->status, result->error.text);
		return;
	}
	switch (query->form) {
	case EVENTS_FORM_PAGE:
		end_page(query, result);
		break;
	case EVENTS_FORM_ONE:
		end_one(query);
		break;
	case EVENTS_FORM_AROUND:
		end_around(query);
		break;
	case EVENTS_FORM_TALLY:
		end_tally(query, result);
		break;
	}
}

/* the event itself and what follows it */
static void walk_from_event(struct events_query *query)
{
	query->filter.oldest_first = true;
	query->filter.by_seq = true;
	query->filter.behind = query->around.seq - 1;
	walk(query, (size_t)query->around.after + 1, on_walked);
}

/* false: the event was not found among its neighbours, or seqs between them are other
 * ingestions' or deleted */
static bool take_neighbours(struct events_query *query)
{
	const struct scan_page *page = &query->found;
	size_t place = (size_t)(query->around.seq - query->filter.behind - 1);

	if (place >= page->count || page->hits[place].seq != query->around.seq)
		return false;
	query->rendering.hits = page->hits;
	query->rendering.count = page->count;
	return true;
}

static void walk_before_event(struct events_query *query)
{
	query->filter.oldest_first = false;
	query->filter.by_seq = true;
	query->filter.behind = query->around.seq;
	walk(query, query->around.before, on_walked_before);
}

static void on_walked_around(void *context, struct events_walk_result *result)
{
	struct events_query *query = context;

	query->walk = NULL;
	query->found = result->page; /* nothing was counted */
	query->rendering.damaged = result->damaged;
	if (result->status != EVENTS_OK) {
		finish(query, result->status, result->error.text);
	} else if (take_neighbours(query)) {
		find_groups(query);
	} else {
		scan_page_deinit(&query->found);
		walk_before_event(query);
	}
}

/* in one go, as all seqs are one project's: mostly all of them lie in one block */
static void walk_around_event(struct events_query *query)
{
	int64_t behind = query->around.seq - query->around.before - 1;

	query->filter.oldest_first = true;
	query->filter.by_seq = true;
	query->filter.behind = behind < 0 ? 0 : behind;
	walk(query,
	     (size_t)(query->around.seq - query->filter.behind) + query->around.after,
	     on_walked_around);
}

static void on_walked_before(void *context, struct events_walk_result *result)
{
	struct events_query *query = context;

	query->walk = NULL;
	query->before = result->page; /* nothing was counted */
	query->rendering.damaged = result->damaged;
	if (result->status != EVENTS_OK)
		finish(query, result->status, result->error.text);
	else
		walk_from_event(query);
}

static void on_keys(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct events_query *query = context;
	uint64_t *keys = NULL;
	size_t count = 0;

	query->statement = NULL;
	if (rows == NULL) {
		finish(query, events_status_of(error), error->error.text);
		return;
	}
	count = pg_rows_count(rows);
	keys = mem_calloc(count, sizeof(*keys));
	for (size_t i = 0; i < count; i++) {
		keys[i] = (uint64_t)events_sql_int(rows, i, KEYS_KEY);
		*table_put(&query->groups, keys[i], NULL) =
			(uint64_t)events_sql_int(rows, i, KEYS_GROUP);
	}
	query->knows_groups = true;
	event_filter_add_keys(&query->filter, keys, count);
	mem_free(keys);
	if (count > 0)
		event_filter_set_share(&query->filter,
				       events_sql_int(rows, 0, KEYS_EVENTS),
				       events_sql_int(rows, 0, KEYS_AMONG));
	walk(query, (size_t)query->filter.limit + 1, on_walked);
}

static struct events_query *query_new(const struct events_deps *deps,
				      const struct events_scope *scope,
				      events_done_fn *done, void *context)
{
	struct events_query *query = mem_calloc(1, sizeof(*query));

	query->deps = *deps;
	query->scope = *scope;
	query->done = done;
	query->context = context;
	query->deadline_us = clock_monotonic_us() + deps->limits.time_us;
	deps->stats->running++;
	return query;
}

/* from a filter that may name a group */
static struct events_query *filtered_start(struct events_query *query,
					   const struct event_filter *filter)
{
	struct events_sql sql = { 0 };

	event_filter_copy(filter, &query->filter);
	if (filter->group_id != 0 || filter->by_group_key) {
		events_sql_keys(&sql, query->scope.project_id, filter);
		run_sql(query, &sql, on_keys);
	} else {
		walk(query, (size_t)filter->limit + 1, on_walked);
	}
	return query;
}

struct events_query *events_query_start(const struct events_deps *deps,
					const struct events_scope *scope,
					const struct event_filter *filter,
					events_done_fn *done, void *context)
{
	struct events_query *query = query_new(deps, scope, done, context);

	query->form = EVENTS_FORM_PAGE;
	return filtered_start(query, filter);
}

/* NOLINTNEXTLINE(readability-function-size): as its siblings, and one more */
struct events_query *events_tally_start(const struct events_deps *deps,
					const struct events_scope *scope,
					const struct event_filter *filter,
					int64_t width_us, events_done_fn *done,
					void *context)
{
	struct events_query *query = query_new(deps, scope, done, context);

	query->form = EVENTS_FORM_TALLY;
	query->tally.width_us = width_us;
	return filtered_start(query, filter);
}

struct events_query *events_one_start(const struct events_deps *deps,
				      const struct events_scope *scope, int64_t seq,
				      events_done_fn *done, void *context)
{
	struct events_query *query = query_new(deps, scope, done, context);

	query->form = EVENTS_FORM_ONE;
	query->filter = event_filter_init();
	query->filter.with_raw = true;
	query->around.seq = seq < 1 ? 0 : seq; /* no event has 0 */
	walk_from_event(query);
	return query;
}

static unsigned bounded(unsigned count)
{
	return count < EVENTS_AROUND_MAX ? count : EVENTS_AROUND_MAX;
}

struct events_query *events_around_start(const struct events_deps *deps,
					 const struct events_scope *scope,
					 const struct events_around *around,
					 events_done_fn *done, void *context)
{
	struct events_query *query = query_new(deps, scope, done, context);

	query->form = EVENTS_FORM_AROUND;
	query->filter = event_filter_init();
	query->around = (struct events_around){
		.seq = around->seq < 1 ? 0 : around->seq,
		.before = bounded(around->before),
		.after = bounded(around->after),
	};
	if (query->around.before == 0)
		walk_from_event(query);
	else if (scope->ingestion_id == 0)
		walk_around_event(query);
	else
		walk_before_event(query);
	return query;
}

void events_query_cancel(struct events_query **query_ptr)
{
	struct events_query *query = *query_ptr;

	*query_ptr = NULL;
	if (query == NULL)
		return;
	query->deps.stats->cancelled++;
	query->deps.stats->running--;
	if (query->statement != NULL)
		pg_query_cancel(query->statement);
	events_walk_cancel(&query->walk);
	query->cancelled = true;
	if (query->job != NULL)
		query_job_cancel(query->job); /* its done frees the query */
	else
		query_free(query);
}
