/* pg_flush.c - one batch after the other, each through one transaction
 *
 *	OFFLINE -> PREPARING -> RESTING -> GUARD -> STORING -> RESTING
 *	                        RESTING -> DAYS, CHECKING or WAITING -> RESTING
 *
 * A lost connection leads to OFFLINE. Only in STORING has the server been told to
 * commit: an answer that is lost then is looked for in CHECKING.
 */
#include "sinks/pg_flush.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_flush_answer.h"
#include "sinks/pg_flush_counts.h"
#include "sinks/pg_flush_days.h"
#include "sinks/pg_flush_positions.h"
#include "sinks/pg_flush_steps.h"
#include "sinks/pg_flush_verdict.h"

#define BACKOFF_MS_MIN 20
#define BACKOFF_MS_MAX 10000

enum flush_state {
	STATE_OFFLINE,
	STATE_PREPARING,
	STATE_RESTING,
	STATE_WAITING,
	STATE_CHECKING, /* from here on an answer is awaited */
	STATE_DAYS,
	STATE_GUARD,
	STATE_STORING
};

struct pending {
	struct batch *batch;
	struct pending *next;
};

struct pg_flush {
	struct pg_conn *conn;
	struct flush_sender sender;
	flush_done_fn *done;
	void *context;
	struct pending *first, **end;
	size_t pending;
	bool discarding;
	enum flush_state state;
	struct flush_plan plan; /* of the first batch, when planned */
	bool planned;
	bool answer_lost;  /* an attempt may have been committed */
	bool must_check;   /* positions tell whether it was */
	bool guard_failed; /* the guard failed after a lost answer */
	bool all_moved;    /* CHECKING: every stream stands where the batch ends */
	size_t unit;       /* whose results come now */
	size_t guard_units;
	struct flush_steps steps; /* of STORING */
	struct flush_refusal refusal;
	int64_t begun_us;
	unsigned backoff_ms;
	struct flush_counts counts;
	struct flush_days days;
	int32_t day; /* DAYS: being made */
	struct event *turn, *retry;
	struct flush_stats stats;
};

static void go_on(struct pg_flush *flush)
{
	event_active(flush->turn, EV_TIMEOUT, 0);
}

static void rest(struct pg_flush *flush)
{
	flush->state = STATE_RESTING;
	go_on(flush);
}

static void begin_units(struct pg_flush *flush, enum flush_state state)
{
	flush->state = state;
	flush->unit = 0;
	flush->refusal.set = false;
	flush_sender_begin(&flush->sender);
}

/* libpq takes no statement: out of memory, or a broken connection */
static void check_sent(struct pg_flush *flush)
{
	if (flush->sender.broken)
		pg_conn_drop(flush->conn, "a statement could not be sent");
}

static void wait_and_retry(struct pg_flush *flush)
{
	struct timeval delay = { .tv_sec = flush->backoff_ms / 1000,
				 .tv_usec = flush->backoff_ms % 1000 * 1000L };

	flush->state = STATE_WAITING;
	flush->stats.retries++;
	evtimer_add(flush->retry, &delay);
	flush->backoff_ms = flush->backoff_ms * 2 < BACKOFF_MS_MAX
				    ? flush->backoff_ms * 2
				    : BACKOFF_MS_MAX;
}

static void forget_plan(struct pg_flush *flush)
{
	if (flush->planned)
		flush_plan_deinit(&flush->plan);
	flush->planned = false;
	flush->answer_lost = false;
	flush->must_check = false;
	flush->guard_failed = false;
	flush->backoff_ms = BACKOFF_MS_MIN;
}

/* the first batch is done with; it counts as pending until the callback returned */
static void finish_first(struct pg_flush *flush, enum flush_result result)
{
	struct pending *first = flush->first;

	forget_plan(flush);
	flush->done(flush->context, first->batch, result);
	flush->first = first->next;
	if (flush->first == NULL)
		flush->end = &flush->first;
	flush->pending--;
	batch_free(&first->batch);
	mem_free(first);
}

static void committed(struct pg_flush *flush)
{
	const struct batch *batch = flush->first->batch;
	struct flush_loss loss = { 0 };

	flush_plan_loss(&flush->plan, &loss);
	flush_counts_committed(&flush->counts, &flush->plan);
	flush->stats.committed_batches++;
	flush->stats.committed_events += batch->events;
	flush->stats.committed_bytes += batch->raw_bytes;
	flush->stats.quarantined_events += loss.quarantined_records;
	flush->stats.commit_us_last =
		(uint64_t)(clock_monotonic_us() - flush->begun_us);
	finish_first(flush, FLUSH_COMMITTED);
	rest(flush);
}

static void fail_guard(struct pg_flush *flush)
{
	log_warn("flush", "the guard failed error=\"%s\"", flush->refusal.text);
	flush->stats.guard_failures++;
	flush->discarding = true;
	finish_first(flush, FLUSH_GUARD_FAILED);
	rest(flush);
}

static void refuse_data(struct pg_flush *flush)
{
	flush->stats.retries++;
	if (flush_answer_refuse(&flush->plan, &flush->sender, &flush->refusal))
		rest(flush);
	else
		wait_and_retry(flush);
}

/* the transaction was rolled back; what now follows from why */
static void refused(struct pg_flush *flush)
{
	const struct flush_refusal *refusal = &flush->refusal;

	switch (flush_verdict_of(refusal->sqlstate)) {
	case FLUSH_VERDICT_GUARD:
		flush->guard_failed = true;
		flush->must_check = flush->answer_lost;
		if (flush->must_check)
			rest(flush);
		else
			fail_guard(flush);
		break;
	case FLUSH_VERDICT_DATA:
		refuse_data(flush);
		break;
	case FLUSH_VERDICT_AGAIN:
		log_info("flush", "two writers met, trying again sqlstate=%s",
			 refusal->sqlstate);
		wait_and_retry(flush);
		break;
	case FLUSH_VERDICT_WAIT:
		log_warn("flush",
			 "the database does not take a batch, trying again"
			 " retry_ms=%u sqlstate=%s error=\"%s\"",
			 flush->backoff_ms, refusal->sqlstate, refusal->text);
		wait_and_retry(flush);
		break;
	case FLUSH_VERDICT_RECONNECT:
		pg_conn_drop(flush->conn, refusal->text);
		break;
	}
}

static void checked(struct pg_flush *flush)
{
	if (flush->refusal.set) {
		refused(flush);
		return;
	}
	flush->must_check = false;
	if (flush->all_moved && flush_plan_moves(&flush->plan)) {
		log_info("flush", "the batch was committed, its answer was lost");
		flush_counts_unsure(&flush->plan);
		committed(flush);
	} else if (flush->guard_failed) {
		fail_guard(flush);
	} else {
		rest(flush);
	}
}

static void day_made(struct pg_flush *flush)
{
	flush_days_end(&flush->days, flush->day, &flush->refusal);
	rest(flush);
}

static void prepared(struct pg_flush *flush)
{
	if (flush->refusal.set) {
		pg_conn_drop(flush->conn, flush->refusal.text);
		return;
	}
	flush->stats.connected = true;
	rest(flush);
}

/* the server has ended the transaction */
static void synced(struct pg_flush *flush)
{
	switch (flush->state) {
	case STATE_PREPARING:
		prepared(flush);
		break;
	case STATE_CHECKING:
		checked(flush);
		break;
	case STATE_DAYS:
		day_made(flush);
		break;
	case STATE_STORING:
		if (flush->refusal.set)
			refused(flush);
		else
			committed(flush);
		break;
	case STATE_OFFLINE:
	case STATE_RESTING:
	case STATE_GUARD:
	case STATE_WAITING:
		break; /* nothing was sent */
	}
}

static void send_steps(struct pg_flush *flush)
{
	if (!flush->refusal.set &&
	    flush_steps_send(&flush->steps, &flush->sender, &flush->plan))
		return;
	flush->steps.under_way = false;
	flush_send_sync(&flush->sender);
	check_sent(flush);
}

/* the numbers are known, or the guard failed: the rest, and the end */
static void guard_answered(struct pg_flush *flush)
{
	flush->state = STATE_STORING;
	if (!flush->refusal.set)
		flush_steps_begin(&flush->steps, &flush->plan);
	send_steps(flush);
}

static void conn_drained(void *context)
{
	struct pg_flush *flush = context;

	/* an event that is made active now would come before those of sockets */
	if (flush->steps.under_way)
		evtimer_add(flush->turn, &(struct timeval){ 0 });
}

static void take_rows(struct pg_flush *flush, const struct pg_rows *rows)
{
	const struct flush_answer answer = { &flush->plan, &flush->counts, flush->day };

	if (!flush_answer_take(&answer, flush->sender.units[flush->unit].statement,
			       rows))
		flush->all_moved = false;
}

static void conn_result(void *context, const PGresult *result)
{
	struct pg_flush *flush = context;
	ExecStatusType status = PGRES_COMMAND_OK;

	if (result == NULL) {
		flush->unit++;
		if (flush->state == STATE_GUARD && flush->unit == flush->guard_units)
			guard_answered(flush);
		return;
	}
	status = PQresultStatus(result);
	if (status == PGRES_PIPELINE_SYNC)
		synced(flush);
	else if (status == PGRES_TUPLES_OK)
		take_rows(flush, (const struct pg_rows *)result);
	else if (status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_ABORTED)
		flush_refusal_note(&flush->refusal, flush->unit,
				   PQresultErrorField(result, PG_DIAG_SQLSTATE),
				   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

static void conn_ready(void *context)
{
	struct pg_flush *flush = context;

	begin_units(flush, STATE_PREPARING);
	flush_send_prepares(&flush->sender);
	flush_unit_send(&flush->sender, FLUSH_FIND_PARTS, SIZE_MAX);
	flush_send_sync(&flush->sender);
	check_sent(flush);
}

static void conn_lost(void *context, const struct error *error)
{
	struct pg_flush *flush = context;

	(void)error; /* the connection has logged it */
	if (flush->state == STATE_GUARD || flush->state == STATE_STORING)
		flush->stats.retries++;
	if (flush->state == STATE_STORING) {
		/* also behind a FATAL, which may follow the commit */
		flush->answer_lost = true;
		flush->must_check = true;
	}
	evtimer_del(flush->retry);
	flush->steps.under_way = false;
	flush->state = STATE_OFFLINE;
	flush->stats.connected = false;
}

static const struct pg_conn_ops conn_ops = { .ready = conn_ready,
					     .result = conn_result,
					     .drained = conn_drained,
					     .lost = conn_lost };

static void begin_transaction(struct pg_flush *flush)
{
	flush->begun_us = clock_monotonic_us();
	flush_plan_restart(&flush->plan);
	flush_counts_decide(&flush->counts, &flush->plan, flush->pending > 1);
	begin_units(flush, STATE_GUARD);
	flush_send_guard(&flush->sender, &flush->plan);
	flush->guard_units = flush->sender.units_count;
	check_sent(flush);
}

static void begin_check(struct pg_flush *flush)
{
	begin_units(flush, STATE_CHECKING);
	flush->all_moved = true;
	flush_send_read_positions(&flush->sender, &flush->plan);
	flush_send_sync(&flush->sender);
	check_sent(flush);
}

static void begin_day(struct pg_flush *flush)
{
	begin_units(flush, STATE_DAYS);
	flush_days_send(&flush->sender, flush->day);
	flush_send_sync(&flush->sender);
	check_sent(flush);
}

static void discard_all(struct pg_flush *flush)
{
	/* what a callback submits now is for the next turn */
	for (size_t left = flush->pending; left > 0; left--)
		finish_first(flush, FLUSH_DISCARDED);
}

static void take_turn(struct pg_flush *flush)
{
	if (flush->steps.under_way)
		send_steps(flush);
	if (flush->state >= STATE_CHECKING)
		return;
	if (flush->discarding)
		discard_all(flush);
	if (flush->state != STATE_RESTING || flush->first == NULL)
		return;
	if (!flush->planned)
		flush_plan_init(&flush->plan, flush->first->batch);
	flush->planned = true;
	if (flush->must_check)
		begin_check(flush);
	else if (flush_days_next(&flush->days, flush->first->batch, &flush->day))
		begin_day(flush);
	else
		begin_transaction(flush);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	take_turn(arg);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	rest(arg);
}

struct pg_flush *pg_flush_new(struct event_base *base, const char *conninfo,
			      flush_done_fn *done, void *context)
{
	struct pg_flush *flush = mem_calloc(1, sizeof(*flush));
	struct pg_conn_config config = { .conninfo = conninfo,
					 .setup = flush_setup_sql,
					 .pipeline = true,
					 .ops = &conn_ops,
					 .context = flush };

	flush->done = done;
	flush->context = context;
	flush->end = &flush->first;
	flush->backoff_ms = BACKOFF_MS_MIN;
	flush->turn = evtimer_new(base, on_turn, flush);
	flush->retry = evtimer_new(base, on_retry, flush);
	flush->conn = pg_conn_new(base, &config);
	flush_sender_init(&flush->sender, flush->conn);
	return flush;
}

void pg_flush_set_limits(struct pg_flush *flush, const struct flush_limits *limits)
{
	flush->sender.limits = *limits;
}

void pg_flush_free(struct pg_flush **flush_ptr)
{
	struct pg_flush *flush = *flush_ptr;

	if (flush == NULL)
		return;
	pg_conn_free(&flush->conn);
	discard_all(flush);
	flush_sender_deinit(&flush->sender);
	event_free(flush->turn);
	event_free(flush->retry);
	flush_days_deinit(&flush->days);
	flush_counts_deinit(&flush->counts);
	mem_free(flush);
	*flush_ptr = NULL;
}

void pg_flush_submit(struct pg_flush *flush, struct batch *batch)
{
	struct pending *pending = mem_calloc(1, sizeof(*pending));

	pending->batch = batch;
	*flush->end = pending;
	flush->end = &pending->next;
	flush->pending++;
	go_on(flush);
}

size_t pg_flush_pending(const struct pg_flush *flush)
{
	return flush->pending;
}

void pg_flush_resume(struct pg_flush *flush)
{
	flush->discarding = false;
	go_on(flush);
}

const struct flush_stats *pg_flush_stats(const struct pg_flush *flush)
{
	return &flush->stats;
}
