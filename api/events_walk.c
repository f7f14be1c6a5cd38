/* events_walk.c - probe, test, fetch, read; again until there is enough
 *
 *	probe --rows--> test (worker) --> survivors? --no--> probe, behind them
 *	                                     | yes
 *	              read (worker) <--rows-- fetch --> more survivors, or probe
 *
 * A block that was probed may be gone when it is fetched: merged with its neighbours, or
 * deleted. What lies before it is read; then it is probed again from there, so that the
 * merged block gives each event once.
 */
#include "api/events_walk.h"

#include <string.h>

#include "api/events_sql.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* bodies held at a time */
#define WALK_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* blocks of a step: few at first, as the newest often hold enough */
#define PROBE_FIRST 2
#define PROBE_META_MAX 16  /* meta is about 18 KB */
#define PROBE_WORDS_MAX 64 /* words are about 5 KB */

struct step_block {
	struct scan_block place;
	uint32_t count;
	struct slice day;
	struct slice probe;
	size_t body_len;
	bool survives;
	struct scan *scan; /* from testing on, or made by reading */
	struct slice meta; /* fetched with the body, when words were the probe */
	struct block_part part;
	size_t part_len; /* wanted; of a whole body: all */
	bool fetched;
};

struct events_walk {
	struct events_deps deps;
	struct events_sql_scope scope;
	struct event_filter filter; /* behind moves on with the walk */
	int64_t deadline_us;
	events_walk_fn *done;
	void *context;
	struct pg_query *statement;
	struct query_job *job;
	bool cancelled;
	struct events_walk_result result;
	/* the step */
	struct arena arena;
	struct arena bodies; /* of the blocks being read */
	struct step_block *blocks;
	size_t count;
	size_t tested; /* blocks behind these are left for the next step */
	size_t next;   /* the first block not dealt with */
	size_t chunk;  /* behind the last block being read */
	size_t probe_limit;
	bool last_step;
	bool moved; /* a block of the step was not there any more */
};

static void probe(struct events_walk *walk);
static void next_chunk(struct events_walk *walk);

static void clear_step(struct events_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		scan_free(&walk->blocks[i].scan);
	walk->blocks = NULL;
	walk->count = 0;
	arena_reset(&walk->arena);
	arena_reset(&walk->bodies);
}

static void walk_free(struct events_walk *walk)
{
	clear_step(walk);
	arena_deinit(&walk->arena);
	arena_deinit(&walk->bodies);
	event_filter_deinit(&walk->filter);
	scan_page_deinit(&walk->result.page);
	mem_free(walk);
}

static void finish(struct events_walk *walk)
{
	walk->result.has_behind = walk->filter.by_seq;
	walk->result.behind = walk->filter.behind;
	walk->done(walk->context, &walk->result);
	walk->result.page = (struct scan_page){ 0 }; /* the receiver's now */
	walk_free(walk);
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

static void run_sql(struct events_walk *walk, struct events_sql *sql, pg_query_fn *done)
{
	buf_append_char(&sql->text, '\0');
	walk->statement = pg_query(walk->deps.pool, sql->text.data, sql->params,
				   sql->params_count, true, done, walk);
	events_sql_deinit(sql);
}

/* false: the walk has ended with the error */
static bool check_rows(struct events_walk *walk, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	walk->statement = NULL;
	if (rows != NULL)
		return true;
	walk->result.status = events_status_of(error);
	walk->result.error = error->error;
	finish(walk);
	return false;
}

static void run_job(struct events_walk *walk, query_run_fn *run, query_done_fn *done)
{
	walk->job = query_workers_submit(walk->deps.workers, run, done, walk);
	if (walk->job != NULL)
		return;
	walk->result.status = EVENTS_BUSY;
	(void)error_set(&walk->result.error, "too many searches are running"); /* -1 */
	finish(walk);
}

/* false: the walk was cancelled, and is gone */
static bool check_job(struct events_walk *walk, bool cancelled)
{
	walk->job = NULL;
	if (walk->cancelled) {
		walk_free(walk);
		return false;
	}
	if (!cancelled)
		return true;
	walk->result.status = EVENTS_BUSY;
	(void)error_set(&walk->result.error, "siftd is stopping"); /* -1 */
	finish(walk);
	return false;
}

/* what was looked at up to the end of this block need not be looked at again */
static void move_behind(struct events_walk *walk, const struct step_block *block)
{
	walk->filter.by_seq = true;
	walk->filter.behind = walk->filter.oldest_first
				      ? block->place.first_seq + block->count - 1
				      : block->place.first_seq;
}

static void report_damage(struct events_walk *walk, const struct step_block *block,
			  const struct error *error)
{
	walk->result.damaged++;
	log_error("events",
		  "a block cannot be read project=%lld first_seq=%lld error=\"%s\"",
		  (long long)walk->scope.project_id, (long long)block->place.first_seq,
		  error->text);
}

/* a block that cannot be opened survives no further */
static void open_block(struct events_walk *walk, struct step_block *block,
		       struct slice meta)
{
	struct error error = { 0 };

	if (scan_open(&walk->filter, &block->place, meta, &block->scan, &error) < 0)
		report_damage(walk, block, &error);
}

/* tests columns, up to as many candidates as the page still needs */
static void test_columns(struct events_walk *walk)
{
	size_t wanted = walk->result.page.count_max - walk->result.page.count;

	for (size_t i = 0; i < walk->count && wanted > 0; i++) {
		struct step_block *block = &walk->blocks[i];
		size_t found = 0;

		walk->tested = i + 1;
		open_block(walk, block, block->probe);
		if (block->scan == NULL)
			continue;
		found = scan_candidates(block->scan);
		block->survives = found > 0;
		scan_needs(block->scan, wanted, &block->part.offset, &block->part_len);
		wanted -= found < wanted ? found : wanted;
	}
}

static void test_words(struct events_walk *walk)
{
	walk->tested = walk->count;
	for (size_t i = 0; i < walk->count; i++) {
		struct step_block *block = &walk->blocks[i];

		block->part_len = block->body_len;
		block->survives = block_words_may_hold(block->probe, walk->filter.text);
	}
}

static void test_run(struct query_job *job, void *context)
{
	struct events_walk *walk = context;

	(void)job;
	if (walk->filter.text.len > 0)
		test_words(walk);
	else
		test_columns(walk);
}

static void test_done(void *context, bool cancelled)
{
	struct events_walk *walk = context;

	if (check_job(walk, cancelled))
		next_chunk(walk);
}

static void take_block(struct events_walk *walk, const struct pg_rows *rows, size_t row)
{
	struct step_block *block = &walk->blocks[row];

	*block = (struct step_block){
		.place = { .first_seq = events_sql_int(rows, row, BLOCKS_FIRST_SEQ),
			   .ingestion_id =
				   events_sql_int(rows, row, BLOCKS_INGESTION_ID) },
		.count = (uint32_t)events_sql_int(rows, row, BLOCKS_COUNT),
		.body_len = (size_t)events_sql_int(rows, row, BLOCKS_BODY_LEN),
		.day = arena_dup(&walk->arena, pg_rows_slice(rows, row, BLOCKS_DAY)),
		.probe =
			arena_dup(&walk->arena, pg_rows_slice(rows, row, BLOCKS_PROBE)),
	};
}

static void on_probed(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct events_walk *walk = context;
	size_t count = 0;

	if (!check_rows(walk, rows, error))
		return;
	count = pg_rows_count(rows);
	walk->last_step = count < walk->probe_limit;
	walk->blocks = arena_alloc(&walk->arena, (count + 1) * sizeof(*walk->blocks));
	for (walk->count = 0; walk->count < count; walk->count++)
		take_block(walk, rows, walk->count);
	walk->tested = 0;
	walk->next = 0;
	if (count == 0) {
		walk->result.exhausted = true;
		finish(walk);
		return;
	}
	run_job(walk, test_run, test_done);
}

static void probe(struct events_walk *walk)
{
	bool by_words = walk->filter.text.len > 0;
	size_t limit_max = by_words ? PROBE_WORDS_MAX : PROBE_META_MAX;
	struct events_sql sql = { 0 };

	clear_step(walk);
	walk->probe_limit =
		walk->probe_limit == 0 ? PROBE_FIRST : walk->probe_limit * 4;
	if (walk->probe_limit > limit_max)
		walk->probe_limit = limit_max;
	events_sql_blocks(&sql, &walk->scope, &walk->filter, walk->probe_limit);
	run_sql(walk, &sql, on_probed);
}

static void read_block(struct events_walk *walk, struct step_block *block)
{
	struct error error = { 0 };

	if (block->scan == NULL)
		open_block(walk, block, block->meta);
	if (block->scan != NULL &&
	    scan_collect(block->scan, &block->part, &walk->result.page, &error) < 0)
		report_damage(walk, block, &error);
	scan_free(&block->scan);
}

static void read_run(struct query_job *job, void *context)
{
	struct events_walk *walk = context;

	for (size_t i = walk->next; i < walk->chunk; i++) {
		struct step_block *block = &walk->blocks[i];

		if (query_job_cancelled(job) || scan_page_full(&walk->result.page))
			return;
		if (block->survives)
			read_block(walk, block);
	}
}

static void end_chunk(struct events_walk *walk)
{
	bool moved = walk->moved;

	arena_reset(&walk->bodies);
	if (walk->chunk > walk->next)
		move_behind(walk, &walk->blocks[walk->chunk - 1]);
	walk->next = walk->chunk;
	walk->moved = false;
	if (!moved)
		next_chunk(walk);
	else if (scan_page_full(&walk->result.page) ||
		 (walk->filter.by_seq && clock_monotonic_us() >= walk->deadline_us))
		finish(walk);
	else
		probe(walk);
}

static void read_done(void *context, bool cancelled)
{
	struct events_walk *walk = context;

	if (check_job(walk, cancelled))
		end_chunk(walk);
}

static void take_part(struct events_walk *walk, const struct pg_rows *rows, size_t row)
{
	int64_t first_seq = events_sql_int(rows, row, PARTS_FIRST_SEQ);

	for (size_t i = walk->next; i < walk->chunk; i++) {
		struct step_block *block = &walk->blocks[i];

		if (block->place.first_seq != first_seq)
			continue;
		block->meta =
			arena_dup(&walk->bodies, pg_rows_slice(rows, row, PARTS_META));
		block->part.bytes =
			arena_dup(&walk->bodies, pg_rows_slice(rows, row, PARTS_BYTES));
		block->fetched = true;
	}
}

static void on_fetched(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct events_walk *walk = context;

	if (!check_rows(walk, rows, error))
		return;
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		take_part(walk, rows, i);
	for (size_t i = walk->next; i < walk->chunk && !walk->moved; i++) {
		walk->moved = walk->blocks[i].survives && !walk->blocks[i].fetched;
		if (walk->moved)
			walk->chunk = i;
	}
	if (walk->chunk > walk->next)
		run_job(walk, read_run, read_done);
	else
		end_chunk(walk);
}

/* blocks from walk->next on whose bodies fit together; how many of them survive */
static size_t choose_chunk(struct events_walk *walk, struct events_sql_part *parts)
{
	size_t bytes = 0;
	size_t count = 0;

	for (walk->chunk = walk->next; walk->chunk < walk->tested; walk->chunk++) {
		const struct step_block *block = &walk->blocks[walk->chunk];

		if (!block->survives)
			continue;
		if (count > 0 && bytes + block->part_len > WALK_BYTES_MAX)
			break;
		bytes += block->part_len;
		parts[count++] = (struct events_sql_part){
			.first_seq = block->place.first_seq,
			.count = block->count,
			.day = block->day,
			.offset = block->part.offset,
			.len = block->part_len,
		};
	}
	return count;
}

/* ends the walk, or the step, or fetches what is to be read next */
static void next_chunk(struct events_walk *walk)
{
	struct events_sql_part parts[PROBE_WORDS_MAX];
	struct events_sql sql = { 0 };
	size_t count = choose_chunk(walk, parts);
	bool by_words = walk->filter.text.len > 0;

	if (scan_page_full(&walk->result.page)) {
		finish(walk);
		return;
	}
	if (count > 0 &&
	    (walk->next == 0 || clock_monotonic_us() < walk->deadline_us)) {
		events_sql_parts(&sql, walk->scope.project_id, parts, count, by_words);
		run_sql(walk, &sql, on_fetched);
		return;
	}
	if (count == 0)
		move_behind(walk, &walk->blocks[walk->tested - 1]);
	walk->result.exhausted =
		count == 0 && walk->last_step && walk->tested == walk->count;
	if (walk->result.exhausted || clock_monotonic_us() >= walk->deadline_us)
		finish(walk);
	else
		probe(walk);
}

struct events_walk *events_walk_start(const struct events_walk_config *config,
				      events_walk_fn *done, void *context)
{
	struct events_walk *walk = mem_calloc(1, sizeof(*walk));

	walk->deps = config->deps;
	walk->scope = (struct events_sql_scope){
		.project_id = config->scope.project_id,
		.ingestion_id = config->scope.ingestion_id,
	};
	event_filter_copy(config->filter, &walk->filter);
	walk->deadline_us = config->deadline_us;
	walk->done = done;
	walk->context = context;
	walk->result.page.count_max = config->count_max;
	walk->result.page.bytes_max = EVENTS_PAGE_BYTES_MAX;
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
