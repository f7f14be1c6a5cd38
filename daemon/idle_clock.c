/* idle_clock.c - a timer, and one statement a turn */
#include "daemon/idle_clock.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/flows.h"
#include "daemon/host_id.h"

#define SECOND_US INT64_C(1000000)
#define INTERVAL_MAX_US (5 * SECOND_US)
#define NUMBER_BYTES 24
#define NAME_BYTES (HOST_ID_MAX + NUMBER_BYTES)

static const char tick_sql[] =
	"SELECT siftd.tick($1, $2::bigint, $3::bigint, $4::integer, $5::bigint,"
	" $6::integer)";

struct idle_clock {
	struct idle_clock_deps deps;
	struct event *timer;
	struct pg_query *query;
	char name[NAME_BYTES]; /* of this process, among those that share the database
				*/
	int64_t begun_us;      /* monotonic */
	int64_t caught_up_us;  /* wall time; 0: not yet */
	uint64_t moved, failures;
};

struct params {
	char texts[6][NUMBER_BYTES];
	struct pg_param items[6];
	size_t count;
};

static void add_int(struct params *params, int64_t value)
{
	char *text = params->texts[params->count];

	/* 24 bytes hold any int64 */
	(void)snprintf(text, NUMBER_BYTES, "%" PRId64, value);
	params->items[params->count++].value = slice_str(text);
}

static bool is_caught_up(const struct idle_clock *clock)
{
	if (clock_monotonic_us() - clock->begun_us < clock->deps.lateness_us ||
	    !flows_resting(clock->deps.flows))
		return false;
	for (size_t i = 0; i < clock->deps.sources_count; i++) {
		struct source_stats *stats = &clock->deps.sources[i]->stats;

		if (atomic_load(&stats->lag_bytes) > 0 ||
		    atomic_load(&stats->lag_frames) > 0)
			return false;
	}
	return true;
}

static void wait_turn(struct idle_clock *clock)
{
	int64_t us = clock->deps.lateness_us;
	struct timeval delay = { 0 };

	us = us < SECOND_US ? SECOND_US : us;
	us = us > INTERVAL_MAX_US ? INTERVAL_MAX_US : us;
	delay.tv_sec = us / SECOND_US;
	delay.tv_usec = us % SECOND_US;
	event_add(clock->timer, &delay);
}

static void on_tick(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct idle_clock *clock = context;

	clock->query = NULL;
	wait_turn(clock);
	if (rows == NULL) {
		clock->failures++;
		log_warn("idle_clock", "silences are told later: %s",
			 error->error.text);
		return;
	}
	clock->moved += (uint64_t)pg_rows_int(rows, 0, 0);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct idle_clock *clock = context;
	const struct idle_clock_deps *deps = &clock->deps;
	struct params params = { 0 };

	(void)fd;
	(void)what;
	if (is_caught_up(clock))
		clock->caught_up_us = clock_now_us();
	params.items[params.count++].value = slice_str(clock->name);
	if (clock->caught_up_us > 0)
		add_int(&params, clock->caught_up_us);
	else
		params.count++; /* NULL */
	add_int(&params, deps->lateness_us);
	add_int(&params, deps->limits.episodes_max);
	add_int(&params, deps->limits.tell_age_us);
	add_int(&params, deps->limits.outbox_max);
	clock->query = pg_query(deps->pool, tick_sql, params.items, params.count, false,
				on_tick, clock);
}

struct idle_clock *idle_clock_new(const struct idle_clock_deps *deps)
{
	struct idle_clock *clock = mem_calloc(1, sizeof(*clock));

	clock->deps = *deps;
	clock->begun_us = clock_monotonic_us();
	/* NAME_BYTES hold both */
	(void)snprintf(clock->name, sizeof(clock->name), "%s/%ld", deps->host_id,
		       (long)getpid());
	clock->timer = event_new(deps->base, -1, 0, on_timer, clock);
	wait_turn(clock);
	return clock;
}

void idle_clock_free(struct idle_clock **clock_ptr)
{
	struct idle_clock *clock = *clock_ptr;

	if (clock == NULL)
		return;
	if (clock->query != NULL)
		pg_query_cancel(clock->query);
	event_free(clock->timer);
	mem_free(clock);
	*clock_ptr = NULL;
}

void idle_clock_write_metrics(const struct idle_clock *clock, struct buf *out)
{
	if (clock == NULL)
		return;
	buf_printf(out,
		   "# HELP siftd_idle_clock_moves_total clocks of projects moved on by"
		   " wall time\n"
		   "# TYPE siftd_idle_clock_moves_total counter\n"
		   "siftd_idle_clock_moves_total %" PRIu64 "\n"
		   "# HELP siftd_idle_clock_failures_total statements that failed\n"
		   "# TYPE siftd_idle_clock_failures_total counter\n"
		   "siftd_idle_clock_failures_total %" PRIu64 "\n",
		   clock->moved, clock->failures);
}
