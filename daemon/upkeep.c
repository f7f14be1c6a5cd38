/* upkeep.c - turns: the lock, then one task after the other
 *
 *	SLEEPING -> LOCKING -> task 1 ... task n -> sweep -> compactor -> SLEEPING
 *	                  `-> another daemon keeps the store -> SLEEPING
 */
#include "daemon/upkeep.h"

#include <event2/event.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/compactor.h"
#include "daemon/config.h"
#include "pipeline/block.h"
#include "sinks/pg_pool.h"

#define US_PER_MINUTE INT64_C(60000000)
#define STEP_MS_MAX 60000
#define STEPS_MAX 100
/* after a turn that left something to do */
#define SOON_US INT64_C(50000)
#define NUMBER_BYTES 24
/* parts of counts that a live flush has not added up by then are somebody's who died;
 * adding up those of a live one as well does no harm */
#define PARTS_LEFT_S 20
#define PARAMS_MAX 6

enum task_number { TASK_COUNTS, TASK_REMOVE, TASK_DAYS, TASK_BLOCKS, TASK_ROWS, TASKS };

/* each answers with how much it did; 0 or NULL: nothing is left */
struct task {
	const char *sql;
	const char *metric;
	const char *help;
};

static const struct task tasks[TASKS] = {
	[TASK_COUNTS] = { "SELECT siftd.fold_left_counts($1)",
			  "folded_count_parts_total",
			  "parts of counts added up that a flush had left" },
	[TASK_REMOVE] = { "SELECT siftd.removal_step($1, $2)", "removed_rows_total",
			  "rows and blocks of deleted ingestions and projects" },
	[TASK_DAYS] = { "SELECT (siftd.drop_day($1, $2) IS NOT NULL)::integer",
			"dropped_days_total", "days of events dropped by retention" },
	[TASK_BLOCKS] = { "SELECT siftd.expire_blocks($1, $2)", "expired_blocks_total",
			  "blocks removed by retention" },
	[TASK_ROWS] = { "SELECT siftd.expire_rows($1, $2, $3)", "expired_rows_total",
			"sessions, audit rows and buckets of windows past their time" },
};

/* a keeper whose machine is gone must not keep the lock for the hours that a server
 * waits by default */
static const char lock_sql[] =
	"SELECT pg_try_advisory_lock(7309742), set_config('tcp_keepalives_idle', '30', false),"
	" set_config('tcp_keepalives_interval', '10', false),"
	" set_config('tcp_keepalives_count', '3', false)";
static const char sweep_sql[] = "SELECT project, template, rolled, forgotten, done FROM"
				" siftd.sweep_counts($1, $2, $3, $4, $5, $6)";
#define SWEEP_TEMPLATES_MAX 50

struct upkeep {
	const struct config *config;
	struct pg_pool *pool;
	struct event *timer;
	struct pg_query *query;
	struct compactor *compactor;
	/* the turn */
	size_t task;
	unsigned steps;
	bool more;
	/* the sweep over counts; ids as text, "" before the first */
	char project[NUMBER_BYTES];
	char template[NUMBER_BYTES];
	int64_t swept_us; /* monotonic; the last whole sweep */
	bool sweeping;
	/* counters */
	uint64_t done[TASKS];
	uint64_t rolled, forgotten, turns, failures;
	bool keeper;
};

struct params {
	char texts[PARAMS_MAX][NUMBER_BYTES];
	struct pg_param items[PARAMS_MAX];
	size_t count;
};

static void next_step(struct upkeep *upkeep);

static void add_int(struct params *params, int64_t value)
{
	char *text = params->texts[params->count];

	/* 24 bytes hold any int64 */
	(void)snprintf(text, NUMBER_BYTES, "%" PRId64, value);
	params->items[params->count++] = (struct pg_param){ .value = slice_str(text) };
}

/* "" is SQL's NULL */
static void add_text(struct params *params, const char *text)
{
	struct pg_param param = { 0 };

	if (text[0] != '\0')
		param.value = slice_str(text);
	params->items[params->count++] = param;
}

static void sleep_us(struct upkeep *upkeep, int64_t us)
{
	const struct timeval delay = { .tv_sec = us / 1000000,
				       .tv_usec = us % 1000000 };

	event_add(upkeep->timer, &delay);
}

static void end_turn(struct upkeep *upkeep)
{
	sleep_us(upkeep, upkeep->more ? SOON_US : upkeep->config->upkeep.interval_us);
}

/* false: the turn has ended with the error */
static bool check_rows(struct upkeep *upkeep, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	upkeep->query = NULL;
	if (rows != NULL)
		return true;
	upkeep->failures++;
	log_warn("upkeep", "a turn ended early, it is tried again: %s",
		 error->error.text);
	upkeep->more = false;
	end_turn(upkeep);
	return false;
}

static void on_compacted(void *context, bool more)
{
	struct upkeep *upkeep = context;

	upkeep->more = upkeep->more || more;
	end_turn(upkeep);
}

static void compact(struct upkeep *upkeep)
{
	/* where it is to merge nothing, blocks may be shared from before */
	compactor_turn(upkeep->compactor, on_compacted, upkeep);
}

static void keep_text(char place[NUMBER_BYTES], struct slice text)
{
	/* NULL is "" */
	(void)snprintf(place, NUMBER_BYTES, "%.*s", (int)text.len,
		       text.ptr == NULL ? "" : text.ptr);
}

static void sweep(struct upkeep *upkeep);

static void on_swept(void *context, const struct pg_rows *rows,
		     const struct pg_error *error)
{
	struct upkeep *upkeep = context;

	if (!check_rows(upkeep, rows, error))
		return;
	crash_point("upkeep.swept");
	keep_text(upkeep->project, pg_rows_slice(rows, 0, 0));
	keep_text(upkeep->template, pg_rows_slice(rows, 0, 1));
	upkeep->rolled += (uint64_t)pg_rows_int(rows, 0, 2);
	upkeep->forgotten += (uint64_t)pg_rows_int(rows, 0, 3);
	upkeep->sweeping = !pg_rows_bool(rows, 0, 4);
	if (upkeep->sweeping && ++upkeep->steps < STEPS_MAX) {
		sweep(upkeep);
		return;
	}
	upkeep->more = upkeep->more || upkeep->sweeping;
	if (!upkeep->sweeping)
		upkeep->swept_us = clock_monotonic_us();
	compact(upkeep);
}

/* so many minutes ago, rounded down to a multiple of the width */
static int64_t minute_before(int64_t age_us, int64_t width)
{
	int64_t minute = (clock_now_us() - age_us) / US_PER_MINUTE;

	return minute - minute % width;
}

static void sweep(struct upkeep *upkeep)
{
	const struct config *config = upkeep->config;
	struct params params = { 0 };

	add_text(&params, upkeep->project);
	add_text(&params, upkeep->template);
	add_int(&params, SWEEP_TEMPLATES_MAX);
	add_int(&params, minute_before(config->rollup.hours_after_us, 60));
	add_int(&params, minute_before(config->rollup.days_after_us, 1440));
	if (config->retention.counts_us == 0)
		add_text(&params, "");
	else
		add_int(&params, minute_before(config->retention.counts_us, 1440));
	upkeep->query = pg_query(upkeep->pool, sweep_sql, params.items, params.count,
				 false, on_swept, upkeep);
}

static void begin_sweep(struct upkeep *upkeep)
{
	int64_t age_us = clock_monotonic_us() - upkeep->swept_us;

	upkeep->steps = 0;
	if (upkeep->sweeping || upkeep->swept_us == 0 ||
	    age_us >= upkeep->config->rollup.interval_us)
		sweep(upkeep);
	else
		compact(upkeep);
}

static void on_step(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct upkeep *upkeep = context;
	int64_t amount = 0;

	if (!check_rows(upkeep, rows, error))
		return;
	crash_point("upkeep.stepped");
	amount = pg_rows_int(rows, 0, 0);
	upkeep->done[upkeep->task] += (uint64_t)amount;
	if (amount == 0 || ++upkeep->steps == STEPS_MAX) {
		upkeep->more = upkeep->more || amount > 0;
		upkeep->task++;
		upkeep->steps = 0;
	}
	next_step(upkeep);
}

static int64_t days_of(int64_t us)
{
	return us / (1440 * US_PER_MINUTE);
}

static void next_step(struct upkeep *upkeep)
{
	const struct config *config = upkeep->config;
	struct params params = { 0 };

	switch ((enum task_number)upkeep->task) {
	case TASK_COUNTS:
		add_int(&params, PARTS_LEFT_S);
		break;
	case TASK_REMOVE:
		add_int(&params, config->upkeep.rows_max);
		add_int(&params, config->upkeep.blocks_max);
		break;
	case TASK_DAYS:
		add_int(&params, days_of(config->retention.age_us));
		add_int(&params, config->retention.bytes_max);
		break;
	case TASK_BLOCKS:
		add_int(&params, days_of(config->retention.age_us));
		add_int(&params, config->upkeep.blocks_max);
		break;
	case TASK_ROWS:
		add_int(&params, days_of(config->retention.audit_us));
		add_int(&params, days_of(config->retention.windows_us));
		add_int(&params, config->upkeep.rows_max);
		break;
	case TASKS:
		begin_sweep(upkeep);
		return;
	}
	upkeep->query = pg_query(upkeep->pool, tasks[upkeep->task].sql, params.items,
				 params.count, false, on_step, upkeep);
}

static void on_locked(void *context, const struct pg_rows *rows,
		      const struct pg_error *error)
{
	struct upkeep *upkeep = context;
	bool was_keeper = upkeep->keeper;

	if (!check_rows(upkeep, rows, error))
		return;
	upkeep->keeper = pg_rows_bool(rows, 0, 0);
	if (upkeep->keeper != was_keeper)
		log_info("upkeep", "%s",
			 upkeep->keeper ? "this daemon keeps the store"
					: "another daemon keeps the store");
	if (!upkeep->keeper) {
		end_turn(upkeep);
		return;
	}
	crash_point("upkeep.locked");
	upkeep->turns++;
	upkeep->task = 0;
	upkeep->steps = 0;
	next_step(upkeep);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct upkeep *upkeep = context;

	(void)fd;
	(void)what;
	upkeep->more = false;
	upkeep->query =
		pg_query(upkeep->pool, lock_sql, NULL, 0, false, on_locked, upkeep);
}

struct upkeep *upkeep_new(const struct upkeep_deps *deps)
{
	struct upkeep *upkeep = mem_calloc(1, sizeof(*upkeep));
	const struct config *config = deps->config;
	/* one connection, as it holds the lock */
	const struct pg_config pool = { .conninfo = deps->conninfo,
					.connections_max = 1,
					.pending_max = 1,
					.query_ms_max = STEP_MS_MAX };
	const struct compactor_config compactor = {
		.limits = { .small_events = config->compact.small_events,
			    .blocks_min = config->compact.blocks_min,
			    .events_max = BLOCK_EVENTS_MAX,
			    .bytes_max = BLOCK_BYTES_MAX / 2 },
		.merges_max = config->compact.merges_max,
		.zstd_level = (int)config->compact.zstd_level,
	};

	upkeep->config = config;
	upkeep->pool = pg_pool_new(deps->base, &pool);
	upkeep->compactor = compactor_new(upkeep->pool, deps->workers, &compactor);
	upkeep->timer = event_new(deps->base, -1, 0, on_timer, upkeep);
	sleep_us(upkeep, config->upkeep.interval_us);
	return upkeep;
}

void upkeep_free(struct upkeep **upkeep_ptr)
{
	struct upkeep *upkeep = *upkeep_ptr;

	if (upkeep == NULL)
		return;
	if (upkeep->query != NULL)
		pg_query_cancel(upkeep->query);
	compactor_free(&upkeep->compactor);
	pg_pool_free(&upkeep->pool);
	event_free(upkeep->timer);
	mem_free(upkeep);
	*upkeep_ptr = NULL;
}

static void write_counter(struct buf *out, const char *name, const char *help,
			  uint64_t value)
{
	buf_printf(out,
		   "# HELP siftd_upkeep_%s %s\n# TYPE siftd_upkeep_%s counter\n"
		   "siftd_upkeep_%s %" PRIu64 "\n",
		   name, help, name, name, value);
}

void upkeep_write_metrics(const struct upkeep *upkeep, struct buf *out)
{
	const struct compactor_stats *stats = compactor_stats(upkeep->compactor);

	buf_printf(out,
		   "# HELP siftd_upkeep_keeper 1 while this daemon keeps the store\n"
		   "# TYPE siftd_upkeep_keeper gauge\nsiftd_upkeep_keeper %d\n",
		   upkeep->keeper ? 1 : 0);
	write_counter(out, "turns_total", "turns taken as the keeper", upkeep->turns);
	write_counter(out, "failures_total", "turns that ended early",
		      upkeep->failures);
	for (size_t i = 0; i < TASKS; i++)
		write_counter(out, tasks[i].metric, tasks[i].help, upkeep->done[i]);
	write_counter(out, "rolled_counts_total",
		      "rows of counts added up into hours and days", upkeep->rolled);
	write_counter(out, "forgotten_counts_total",
		      "rows of counts removed by retention", upkeep->forgotten);
	write_counter(out, "merges_total", "blocks made of small ones", stats->merges);
	write_counter(out, "merged_blocks_total", "small blocks merged away",
		      stats->blocks_in);
	write_counter(out, "merged_events_total", "events in blocks made of small ones",
		      stats->events);
	write_counter(out, "cleared_blocks_total",
		      "blocks cleared of what deleted ingestions shared",
		      stats->cleared);
	write_counter(out, "merges_refused_total",
		      "merges given up since their blocks had changed", stats->refused);
	write_counter(out, "merges_failed_total",
		      "merges given up since a block cannot be read", stats->damaged);
}
