/* events_walk.c - probe, test, fetch, read; again until there is enough
 *
 *	probe --rows--> test (worker) --unknown words?--> fetch them, test again
 *	                     | survivors? --no--> probe, behind them
 *	                     | yes
 *	              read (worker) <--rows-- fetch --> more survivors, or probe
 *
 * A block that was probed may be gone when it is fetched: merged with its neighbours,
 *or deleted. What lies before it is read; then it is probed again from there, so that
 *the merged block gives each event once.
 */
#include "api/events_walk.h"

#include <assert.h>
#include <string.h>

#include "api/events_sql.h"
#include "api/events_step.h"
#include "api/wall.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* blocks of a step: few at first, as the newest often hold enough */
#define PROBE_FIRST 2
#define PROBE_GROWTH 4
/* rare events are some 10 KB a block, and often one of them is wanted */
#define PROBE_RARE_FIRST 8
#define PROBE_RARE_MAX 128
/* shares of a query's memory: raw bytes of the page, bodies held at a time */
#define PAGE_SHARE 8
#define BODIES_SHARE 16
/* of that, what is fetched for a page first: the first blocks often hold enough */
#define BODIES_FIRST_SHARE 8
#define BODIES_GROWTH 4
/* a single body, next to what it becomes when it is decompressed */
#define BODY_SHARE 4

struct events_walk {
	struct events_deps deps;
	struct events_sql_scope scope;
	struct event_filter filter; /* behind moves on with the walk */
	int64_t deadline_us;
	events_walk_fn *done;
	void *context;
	struct pg_query *statement;
	struct query_job *job;
	const struct query_job *reading; /* the worker's own */
	bool cancelled;
	struct events_walk_result result;
	struct event_matcher *matcher;
	struct events_step step;
	size_t probe_limit;
	size_t bodies_max;
	bool last_step;
	bool was_read; /* what was tested needed no more bytes, and is in the page */
};

static void probe(struct events_walk *walk);
static pg_query_fn on_fetched;
static void test(struct events_walk *walk);
static void next_chunk(struct events_walk *walk);
static void take_read(struct events_walk *walk);

static void walk_free(struct events_walk *walk)
{
	events_step_clear(&walk->step);
	arena_deinit(&walk->step.arena);
	arena_deinit(&walk->step.bodies);
	event_matcher_free(&walk->matcher);
	event_filter_deinit(&walk->filter);
	scan_page_deinit(&walk->result.page);
	event_tally_deinit(&walk->result.tally);
	mem_free(walk);
}

static void finish(struct events_walk *walk)
{
	walk->result.has_behind = walk->filter.by_seq;
	walk->result.behind = walk->filter.behind;
	walk->result.damaged = walk->step.damaged;
	walk->deps.stats->damaged += walk->step.damaged;
	walk->result.page.matcher = NULL;
	walk->done(walk->context, &walk->result);
	/* the receiver's now */
	walk->result.page = (struct scan_page){ 0 };
	walk->result.tally = (struct event_tally){ 0 };
	walk_free(walk);
}

static void fail(struct events_walk *walk, enum events_status status, const char *why)
{
	walk->result.status = status;
	(void)error_set(&walk->result.error, "%s", why); /* always -1 */
	finish(walk);
}

enum events_status events_status_of(const struct pg_error *error)
{
	switch (error->kind) {
	case PG_ERROR_AWAY:
		return EVENTS_AWAY;
	case PG_ERROR_TIMEOUT:
		return EVENTS_TIMEOUT;
	case PG_ERROR_BUSY:
		return EVENTS_BUSY;
	case PG_ERROR_SQL:
		break;
	}
	return EVENTS_FAILED;
}

/* Raw bytes are fetched behind the wall. It costs 0.1 ms of the server's time and more
 * where a policy is tested, so what only finds blocks goes without; and where their
 * index of template keys finds them a policy would be in its way, as the operator && is
 * not leakproof. */
static void run_sql(struct events_walk *walk, struct events_sql *sql, pg_query_fn *done)
{
	bool has_wall = done == on_fetched;
	struct wall wall;

	wall_init(&wall, walk->scope.project_id);
	buf_append_char(&sql->text, '\0');
	const struct pg_statement statement = {
		.sql = sql->text.data,
		.params = sql->params,
		.params_count = sql->params_count,
		.binary = true,
		.before = has_wall ? &wall.statement : NULL,
	};

	walk->statement = pg_query_run(walk->deps.pool, &statement, done, walk);
	events_sql_deinit(sql);
}

/* false: the walk has ended with the error */
static bool check_rows(struct events_walk *walk, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	walk->statement = NULL;
	if (rows == NULL)
		fail(walk, events_status_of(error), error->error.text);
	return rows != NULL;
}

static void run_job(struct events_walk *walk, query_run_fn *run, query_done_fn *done)
{
	walk->job = query_workers_submit(walk->deps.workers, run, done, walk);
	if (walk->job == NULL)
		fail(walk, EVENTS_BUSY, "too many searches are running");
}

/* false: the walk has ended */
static bool check_job(struct events_walk *walk, bool cancelled)
{
	walk->job = NULL;
	if (walk->cancelled)
		walk_free(walk);
	else if (cancelled)
		fail(walk, EVENTS_BUSY, "siftd is stopping");
	else if (walk->result.page.costly > 0)
		fail(walk, EVENTS_TOO_COSTLY,
		     "the pattern takes too long on some events");
	else
		return true;
	return false;
}

static bool is_over(const struct events_walk *walk)
{
	return clock_monotonic_us() >= walk->deadline_us;
}

/* asked by the worker that reads */
static bool stop_reading(void *context)
{
	const struct events_walk *walk = context;

	return query_job_cancelled(walk->reading) || is_over(walk);
}

/* the cursor goes to the end of this block */
static void move_behind(struct events_walk *walk, const struct step_block *block)
{
	walk->filter.by_seq = true;
	walk->filter.behind = walk->filter.oldest_first
				      ? block->place.first_seq + block->place.count - 1
				      : block->place.first_seq;
}

static void on_words(void *context, const struct pg_rows *rows,
		     const struct pg_error *error)
{
	struct events_walk *walk = context;

	if (!check_rows(walk, rows, error))
		return;
	events_step_take_words(&walk->step, rows);
	test(walk);
}

static void on_metas(void *context, const struct pg_rows *rows,
		     const struct pg_error *error)
{
	struct events_walk *walk = context;

	if (!check_rows(walk, rows, error))
		return;
	events_step_take_metas(&walk->step, rows);
	test(walk);
}

static void on_tested(void *context, bool cancelled)
{
	struct events_walk *walk = context;
	struct events_sql_part parts[STEP_PARTS_MAX];
	struct events_sql sql = { 0 };
	size_t unknown = 0;

	if (!check_job(walk, cancelled))
		return;
	if (walk->was_read) {
		take_read(walk);
		return;
	}
	unknown = events_step_unknown(&walk->step, parts);
	if (unknown == 0) {
		next_chunk(walk);
		return;
	}
	if (walk->matcher != NULL) {
		events_sql_words(&sql, walk->scope.project_id, parts, unknown);
		run_sql(walk, &sql, on_words);
	} else {
		events_sql_metas(&sql, walk->scope.project_id, parts, unknown);
		run_sql(walk, &sql, on_metas);
	}
}

static void test_run(struct query_job *job, void *context)
{
	struct events_walk *walk = context;

	events_step_test(&walk->step, job);
	walk->reading = job;
	walk->was_read = events_step_read_ready(&walk->step, job);
}

static void test(struct events_walk *walk)
{
	run_job(walk, test_run, on_tested);
}

static void on_probed(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct events_walk *walk = context;

	if (!check_rows(walk, rows, error))
		return;
	events_step_take_blocks(&walk->step, rows);
	walk->last_step = walk->step.count < walk->probe_limit;
	if (walk->step.count > 0) {
		test(walk);
		return;
	}
	walk->result.exhausted = true;
	finish(walk);
}

/* as many blocks as hold what is wanted, as far as that is known */
static size_t first_rare(const struct events_walk *walk)
{
	size_t wanted = walk->result.page.count_max;
	double each = walk->filter.block_share;

	if (each <= 0)
		return PROBE_RARE_FIRST;
	if (each > 1)
		wanted = (size_t)((double)wanted / each);
	/* they are not spread evenly */
	return wanted + wanted / 4 + PROBE_RARE_FIRST;
}

/* of a text that is in none of a step's blocks nothing has to be fetched, so that
 * looking at many more costs little, and each further step a wait for server and worker
 */
static bool words_exclude_all(const struct events_step *step)
{
	for (size_t i = 0; i < step->count; i++) {
		if (step->blocks[i].survives)
			return false;
	}
	return step->count > 0;
}

static size_t next_limit(const struct events_walk *walk)
{
	bool by_rare = events_sql_by_rare(&walk->filter);
	size_t limit = walk->probe_limit * PROBE_GROWTH;
	size_t limit_max = by_rare ? PROBE_RARE_MAX : STEP_METAS_MAX;

	if (walk->matcher != NULL)
		limit_max = STEP_BLOCKS_MAX;
	if (walk->matcher != NULL && words_exclude_all(&walk->step))
		return limit_max;
	if (limit == 0 && by_rare)
		limit = first_rare(walk);
	else if (limit == 0)
		limit = PROBE_FIRST;
	return limit < limit_max ? limit : limit_max;
}

static void probe(struct events_walk *walk)
{
	struct events_sql sql = { 0 };

	/* a group whose events lie elsewhere is looked up all the same */
	if (walk->probe_limit > 0 && walk->step.candidates == 0)
		walk->filter.is_dense = false;
	walk->probe_limit = next_limit(walk);
	events_step_clear(&walk->step);
	events_sql_blocks(&sql, &walk->scope, &walk->filter, walk->probe_limit);
	run_sql(walk, &sql, on_probed);
}

static void read_run(struct query_job *job, void *context)
{
	struct events_walk *walk = context;

	walk->reading = job;
	events_step_read(&walk->step, job);
}

static void on_read(void *context, bool cancelled)
{
	struct events_walk *walk = context;

	if (check_job(walk, cancelled))
		take_read(walk);
}

static void take_read(struct events_walk *walk)
{
	struct events_step *step = &walk->step;

	arena_reset(&step->bodies);
	if (walk->result.page.stopped) {
		walk->filter.by_seq = true;
		walk->filter.behind = walk->result.page.looked;
		finish(walk);
		return;
	}
	if (step->chunk > step->next)
		move_behind(walk, &step->blocks[step->chunk - 1]);
	step->next = step->chunk;
	if (!step->gone || scan_page_full(&walk->result.page))
		next_chunk(walk);
	else if (walk->filter.by_seq && is_over(walk))
		finish(walk);
	else
		probe(walk);
}

static void on_fetched(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct events_walk *walk = context;

	if (!check_rows(walk, rows, error))
		return;
	events_step_take_parts(&walk->step, rows);
	run_job(walk, read_run, on_read);
}

/* false: one body alone is too large for a query, and the walk has ended */
static bool check_size(struct events_walk *walk, const struct events_sql_part *part)
{
	if (part->len <= walk->deps.limits.memory_bytes / BODY_SHARE)
		return true;
	fail(walk, EVENTS_TOO_LARGE, "a stored block is larger than a query may hold");
	return false;
}

static void grow_bodies(struct events_walk *walk)
{
	size_t bytes = walk->deps.limits.memory_bytes / BODIES_SHARE;

	walk->bodies_max = walk->bodies_max > bytes / BODIES_GROWTH
				   ? bytes
				   : walk->bodies_max * BODIES_GROWTH;
}

/* ends the walk, or the step, or fetches what is to be read next */
static void next_chunk(struct events_walk *walk)
{
	struct events_step *step = &walk->step;
	struct events_sql_part parts[STEP_PARTS_MAX];
	struct events_sql sql = { 0 };
	bool is_full = scan_page_full(&walk->result.page);
	size_t count = 0;

	if (is_full) {
		finish(walk);
		return;
	}
	count = events_step_choose(step, walk->bodies_max, parts);
	if (count == 0 && step->is_ready) {
		run_job(walk, read_run, on_read);
		return;
	}
	if (count > 0 && (step->next == 0 || !is_over(walk))) {
		if (!check_size(walk, &parts[0]))
			return;
		grow_bodies(walk);
		events_sql_parts(&sql, walk->scope.project_id, parts, count,
				 walk->matcher != NULL);
		run_sql(walk, &sql, on_fetched);
		return;
	}
	if (count == 0)
		move_behind(walk, &step->blocks[step->tested - 1]);
	walk->result.exhausted =
		count == 0 && walk->last_step && step->tested == step->count;
	if (walk->result.exhausted || is_over(walk))
		finish(walk);
	else
		probe(walk);
}

static void take_text(struct events_walk *walk)
{
	struct error error = { 0 };
	int status = 0;

	if (walk->filter.text.len == 0)
		return;
	status = event_matcher_new(walk->filter.text, walk->filter.is_pattern,
				   &walk->matcher, &error);
	/* whoever makes filters has tried the pattern */
	assert(status == 0);
	(void)status;
}

struct events_walk *events_walk_start(const struct events_walk_config *config,
				      events_walk_fn *done, void *context)
{
	struct events_walk *walk = mem_calloc(1, sizeof(*walk));
	struct scan_page *page = &walk->result.page;

	walk->deps = config->deps;
	walk->scope = (struct events_sql_scope){
		.project_id = config->scope.project_id,
		.ingestion_id = config->scope.ingestion_id,
	};
	event_filter_copy(config->filter, &walk->filter);
	walk->deadline_us = config->deadline_us;
	walk->done = done;
	walk->context = context;
	take_text(walk);
	walk->bodies_max = walk->deps.limits.memory_bytes / BODIES_SHARE;
	if (!config->count)
		walk->bodies_max /= BODIES_FIRST_SHARE;
	page->count_max = config->count_max;
	page->bytes_max = walk->deps.limits.memory_bytes / PAGE_SHARE;
	page->matcher = walk->matcher;
	walk->result.tally.width_us = config->count_width_us;
	page->tally = config->count ? &walk->result.tally : NULL;
	page->stop = stop_reading;
	page->stop_context = walk;
	walk->step.filter = &walk->filter;
	walk->step.matcher = walk->matcher;
	walk->step.cache = walk->deps.words;
	walk->step.blocks_cache = walk->deps.blocks;
	walk->step.page = page;
	walk->step.project_id = walk->scope.project_id;
	walk->step.ingestion_id = walk->scope.ingestion_id;
	probe(walk);
	return walk;
}

void events_walk_cancel(struct events_walk **walk_ptr)
{
	struct events_walk *walk = *walk_ptr;

	*walk_ptr = NULL;
	if (walk == NULL)
		return;
	if (walk->statement != NULL)
		pg_query_cancel(walk->statement);
	walk->cancelled = true;
	if (walk->job != NULL)
		query_job_cancel(walk->job); /* its done frees the walk */
	else
		walk_free(walk);
}
