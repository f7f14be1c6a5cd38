/* compactor.c - list, choose, fetch, merge, replace */
#include "daemon/compactor.h"

#include <inttypes.h>

#include "api/query_workers.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/compact_clear.h"
#include "pipeline/block_merge.h"
#include "sinks/pg_pool.h"

#define LIST_MAX 1024
/* the index of small blocks has no others: sinks/migrations */
#define SMALL_EVENTS_MAX "4096"
#define PARAMS_MAX 14

struct compactor {
	struct pg_pool *pool;
	struct query_workers *workers;
	struct compactor_config config;
	struct compactor_stats stats;
	/* the turn */
	compactor_fn *done;
	void *context;
	int64_t merges;
	struct pg_query *query;
	/* the list; it begins behind the cursor */
	struct compact_block cursor;
	struct compact_block *blocks;
	size_t count;
	bool full;
	/* the run being merged */
	struct compact_run run;
	struct arena arena;
	struct block_stored *sources;
	struct block_encoded merged;
	struct error error;
	/* while a block is cleared of what a deleted ingestion left in it: the run is
	 * this block alone */
	bool clearing;
	struct slice cleared; /* the ingestion, as an array */
	struct slice runs;    /* "0:events 1:events ...": whether they stay */
};

/* parameters in text form, in a statement's order */
struct params {
	struct arena *arena;
	struct pg_param items[PARAMS_MAX];
	size_t count;
};

static const char list_sql[] =
	"SELECT project_id, received_day - date '1970-01-01', first_seq,"
	" event_count, raw_bytes FROM siftd.event_blocks AS b"
	" WHERE event_count < " SMALL_EVENTS_MAX " AND event_count < $3::integer"
	" AND (project_id, first_seq) > ($1::bigint, $2::bigint)"
	/* what goes anyway is not shared with others before */
	" AND NOT EXISTS (SELECT FROM siftd.deletions AS d"
	"  WHERE d.project_id = b.project_id AND d.ingestion_id = b.ingestion_id)"
	" ORDER BY project_id, first_seq LIMIT $4::integer";
static const char clear_sql[] =
	"SELECT project, day, seq, events, runs, cleared FROM siftd.block_to_clear()";
static const char fetch_sql[] =
	"SELECT meta, body FROM siftd.event_blocks WHERE project_id = $1::bigint"
	" AND received_day = date '1970-01-01' + $2::integer"
	" AND first_seq = ANY ($3::bigint[]) ORDER BY first_seq";
static const char replace_sql[] =
	"SELECT siftd.replace_blocks($1, date '1970-01-01' + $2::integer, $3::bigint[],"
	" $4::integer[], $5, $6::integer[], $7::bigint[], $8, $9, $10,"
	" $11, $12::bytea[], $13::integer[], $14::bigint[])";

static void list(struct compactor *compactor);
static void find_cleared(struct compactor *compactor);
static void next_run(struct compactor *compactor);

static struct slice kept(struct arena *arena, struct buf *text)
{
	struct slice copy = arena_dup(arena, buf_slice(text));

	buf_deinit(text);
	return copy;
}

static void add_text(struct params *params, struct buf *text)
{
	params->items[params->count++] =
		(struct pg_param){ .value = kept(params->arena, text) };
}

static void add_int(struct params *params, int64_t value)
{
	struct buf text = { 0 };

	buf_printf(&text, "%" PRId64, value);
	add_text(params, &text);
}

static void add_bytes(struct params *params, const struct buf *bytes)
{
	/* NULL would be SQL's */
	struct slice value = bytes->len == 0 ? SLICE("") : buf_slice(bytes);

	params->items[params->count++] =
		(struct pg_param){ .value = value, .binary = true };
}

static void add_item(struct buf *text, int64_t value)
{
	buf_printf(text, "%c%" PRId64, text->len == 0 ? '{' : ',', value);
}

static void add_list(struct params *params, struct buf *text)
{
	buf_append_str(text, text->len == 0 ? "{}" : "}");
	add_text(params, text);
}

/* NULL and NULL: not counted */
static void add_hosts(struct params *params, const struct block_encoded *merged)
{
	struct buf names = { 0 };
	struct buf counts = { 0 };

	if (merged->hosts == NULL) {
		params->items[params->count++] = (struct pg_param){ 0 };
		params->items[params->count++] = (struct pg_param){ 0 };
		return;
	}
	for (size_t i = 0; i < merged->hosts_count; i++) {
		const struct block_host *host = &merged->hosts[i];

		buf_append_str(&names, i == 0 ? "{\"\\\\x" : ",\"\\\\x");
		for (size_t k = 0; k < host->len; k++)
			buf_printf(&names, "%02x",
				   (unsigned char)
					   merged->host_names.data[host->offset + k]);
		buf_append_char(&names, '"');
		add_item(&counts, host->count);
	}
	add_list(params, &names);
	add_list(params, &counts);
}

static const struct compact_block *run_blocks(const struct compactor *compactor)
{
	return &compactor->blocks[compactor->run.first];
}

static void add_seqs(const struct compactor *compactor, struct params *params)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < compactor->run.count; i++)
		add_item(&text, run_blocks(compactor)[i].first_seq);
	add_list(params, &text);
}

static void add_counts(const struct compactor *compactor, struct params *params)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < compactor->run.count; i++)
		add_item(&text, run_blocks(compactor)[i].count);
	add_list(params, &text);
}

static void forget_run(struct compactor *compactor)
{
	block_encoded_deinit(&compactor->merged);
	compactor->merged = (struct block_encoded){ 0 };
	compactor->sources = NULL;
	compactor->clearing = false;
	arena_reset(&compactor->arena);
}

static void forget_list(struct compactor *compactor)
{
	mem_free(compactor->blocks);
	compactor->blocks = NULL;
	compactor->count = 0;
}

static void end_turn(struct compactor *compactor, bool more)
{
	compactor_fn *done = compactor->done;

	forget_run(compactor);
	forget_list(compactor);
	compactor->done = NULL;
	done(compactor->context, more);
}

/* on to what comes behind it */
static void end_run(struct compactor *compactor)
{
	if (compactor->clearing) {
		forget_run(compactor);
		find_cleared(compactor);
		return;
	}
	compactor->run.first += compactor->run.count;
	forget_run(compactor);
	next_run(compactor);
}

static bool check_rows(struct compactor *compactor, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	compactor->query = NULL;
	if (rows != NULL)
		return true;
	log_warn("compactor", "a turn ended early: %s", error->error.text);
	end_turn(compactor, false);
	return false;
}

static void on_replaced(void *context, const struct pg_rows *rows,
			const struct pg_error *error)
{
	struct compactor *compactor = context;

	if (!check_rows(compactor, rows, error))
		return;
	crash_point("compact.replaced");
	if (!pg_rows_bool(rows, 0, 0)) {
		compactor->stats.refused++;
	} else if (compactor->clearing) {
		compactor->stats.cleared++;
	} else {
		compactor->stats.merges++;
		compactor->stats.blocks_in += compactor->run.count;
		compactor->stats.events += compactor->merged.count;
	}
	end_run(compactor);
}

static void replace(struct compactor *compactor)
{
	const struct block_encoded *merged = &compactor->merged;
	const struct compact_block *first = run_blocks(compactor);
	struct params params = { .arena = &compactor->arena };
	struct buf severities = { 0 };
	struct buf keys = { 0 };

	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		add_item(&severities, merged->severities[i]);
	for (size_t i = 0; i < merged->template_keys_count; i++)
		add_item(&keys, (int64_t)merged->template_keys[i]);
	add_int(&params, first->project_id);
	add_int(&params, first->day);
	add_seqs(compactor, &params);
	add_counts(compactor, &params);
	add_int(&params, (int64_t)merged->raw_bytes);
	add_list(&params, &severities);
	add_list(&params, &keys);
	add_bytes(&params, &merged->meta);
	add_bytes(&params, &merged->body);
	add_bytes(&params, &merged->words);
	add_bytes(&params, &merged->rare);
	add_hosts(&params, merged);
	params.items[params.count++] = (struct pg_param){
		.value = compactor->clearing ? compactor->cleared : SLICE("{}"),
	};
	compactor->query = pg_query(compactor->pool, replace_sql, params.items,
				    params.count, false, on_replaced, compactor);
	crash_point("compact.sent");
}

static void merge_run(struct query_job *job, void *context)
{
	struct compactor *compactor = context;

	(void)job;
	if (block_merge(compactor->sources, compactor->run.count,
			compactor->config.zstd_level, &compactor->merged,
			&compactor->error) < 0)
		compactor->merged.count = 0;
}

static void skip_run(struct compactor *compactor, const char *why)
{
	const struct compact_block *first = run_blocks(compactor);

	compactor->stats.damaged++;
	log_error("compactor",
		  "blocks cannot be merged project=%" PRId64 " first_seq=%" PRId64
		  " blocks=%zu error=\"%s\"",
		  first->project_id, first->first_seq, compactor->run.count, why);
	if (!compactor->clearing) {
		end_run(compactor);
		return;
	}
	/* it would be found again: until the next turn others have theirs */
	forget_run(compactor);
	list(compactor);
}

static void on_merged(void *context, bool cancelled)
{
	struct compactor *compactor = context;

	if (cancelled)
		end_turn(compactor, false);
	else if (compactor->merged.count == 0)
		skip_run(compactor, compactor->error.text);
	else
		replace(compactor);
}

static void on_fetched(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct compactor *compactor = context;
	size_t count = compactor->run.count;

	if (!check_rows(compactor, rows, error))
		return;
	if (pg_rows_count(rows) != count) {
		compactor->stats.refused++;
		end_run(compactor);
		return;
	}
	compactor->sources =
		arena_alloc(&compactor->arena, count * sizeof(*compactor->sources));
	for (size_t i = 0; i < count; i++)
		compactor->sources[i] = (struct block_stored){
			.meta = arena_dup(&compactor->arena, pg_rows_slice(rows, i, 0)),
			.body = arena_dup(&compactor->arena, pg_rows_slice(rows, i, 1)),
			.stays = compactor->clearing
					 ? compact_clear_stays(
						   &compactor->arena, compactor->runs,
						   run_blocks(compactor)->count)
					 : NULL,
		};
	if (query_workers_submit(compactor->workers, merge_run, on_merged, compactor) ==
	    NULL)
		end_turn(compactor, false);
}

static void fetch(struct compactor *compactor)
{
	const struct compact_block *first = run_blocks(compactor);
	struct params params = { .arena = &compactor->arena };

	add_int(&params, first->project_id);
	add_int(&params, first->day);
	add_seqs(compactor, &params);
	compactor->query = pg_query(compactor->pool, fetch_sql, params.items,
				    params.count, true, on_fetched, compactor);
}

/* merges the next run of the list, or goes on with the next list, or ends the turn */
static void next_run(struct compactor *compactor)
{
	bool found = compact_runs_next(compactor->blocks, compactor->count,
				       compactor->run.first, &compactor->config.limits,
				       &compactor->run);

	if (found && compactor->merges < compactor->config.merges_max) {
		compactor->merges++;
		fetch(compactor);
		return;
	}
	if (found) {
		if (compactor->run.first > 0)
			compactor->cursor = compactor->blocks[compactor->run.first - 1];
		end_turn(compactor, true);
		return;
	}
	compactor->cursor = compactor->full ? compactor->blocks[compactor->count - 1]
					    : (struct compact_block){ 0 };
	if (compactor->full)
		list(compactor);
	else
		end_turn(compactor, false);
}

static void on_listed(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct compactor *compactor = context;

	if (!check_rows(compactor, rows, error))
		return;
	compactor->count = pg_rows_count(rows);
	compactor->full = compactor->count == LIST_MAX;
	compactor->blocks =
		mem_calloc(compactor->count + 1, sizeof(*compactor->blocks));
	for (size_t i = 0; i < compactor->count; i++)
		compactor->blocks[i] = (struct compact_block){
			.project_id = pg_rows_int(rows, i, 0),
			.day = pg_rows_int(rows, i, 1),
			.first_seq = pg_rows_int(rows, i, 2),
			.count = pg_rows_int(rows, i, 3),
			.raw_bytes = pg_rows_int(rows, i, 4),
		};
	compactor->run = (struct compact_run){ 0 };
	next_run(compactor);
}

static void list(struct compactor *compactor)
{
	struct params params = { .arena = &compactor->arena };

	forget_list(compactor);
	forget_run(compactor);
	add_int(&params, compactor->cursor.project_id);
	add_int(&params, compactor->cursor.first_seq);
	add_int(&params, compactor->config.limits.small_events);
	add_int(&params, LIST_MAX);
	compactor->query = pg_query(compactor->pool, list_sql, params.items,
				    params.count, false, on_listed, compactor);
}

static void on_to_clear(void *context, const struct pg_rows *rows,
			const struct pg_error *error)
{
	struct compactor *compactor = context;

	if (!check_rows(compactor, rows, error))
		return;
	if (pg_rows_count(rows) == 0) {
		list(compactor);
		return;
	}
	if (compactor->merges++ == compactor->config.merges_max) {
		end_turn(compactor, true);
		return;
	}
	forget_list(compactor);
	forget_run(compactor);
	compactor->blocks = mem_calloc(1, sizeof(*compactor->blocks));
	compactor->count = 1;
	compactor->run = (struct compact_run){ 0, 1 };
	compactor->blocks[0] = (struct compact_block){
		.project_id = pg_rows_int(rows, 0, 0),
		.day = pg_rows_int(rows, 0, 1),
		.first_seq = pg_rows_int(rows, 0, 2),
		.count = pg_rows_int(rows, 0, 3),
	};
	compactor->runs = arena_dup(&compactor->arena, pg_rows_slice(rows, 0, 4));
	compactor->cleared = arena_dup(&compactor->arena, pg_rows_slice(rows, 0, 5));
	compactor->clearing = true;
	fetch(compactor);
}

/* blocks that a deleted ingestion shares come first */
static void find_cleared(struct compactor *compactor)
{
	compactor->query = pg_query(compactor->pool, clear_sql, NULL, 0, false,
				    on_to_clear, compactor);
}

struct compactor *compactor_new(struct pg_pool *pool, struct query_workers *workers,
				const struct compactor_config *config)
{
	struct compactor *compactor = mem_calloc(1, sizeof(*compactor));

	compactor->pool = pool;
	compactor->workers = workers;
	compactor->config = *config;
	return compactor;
}

void compactor_free(struct compactor **compactor_ptr)
{
	struct compactor *compactor = *compactor_ptr;

	if (compactor == NULL)
		return;
	if (compactor->query != NULL)
		pg_query_cancel(compactor->query);
	forget_run(compactor);
	forget_list(compactor);
	arena_deinit(&compactor->arena);
	mem_free(compactor);
	*compactor_ptr = NULL;
}

void compactor_turn(struct compactor *compactor, compactor_fn *done, void *context)
{
	compactor->done = done;
	compactor->context = context;
	compactor->merges = 0;
	find_cleared(compactor);
}

const struct compactor_stats *compactor_stats(const struct compactor *compactor)
{
	return &compactor->stats;
}
