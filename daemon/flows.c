/* flows.c - submitting batches, telling sources of commits, recovering from failed
 * guards */
#include "daemon/flows.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/positions.h"
#include "sinks/pg_bootstrap.h"

#define RETRY_US INT64_C(500000)

enum flows_state {
	FLOWING,
	RESTING,  /* a guard failed: waiting for every flush to come to rest */
	REWINDING /* positions are read, sources start again from them */
};

struct flow {
	struct flows *flows;
	unsigned lane;
	struct pg_flush *flush;
	struct event *readable;
	struct event *rested; /* a batch is done: look again from the loop */
};

struct flows {
	struct flows_deps deps;
	struct flow *items;
	size_t count;
	enum flows_state state;
	size_t rewinding; /* source whose positions are being read */
	struct pg_query *query;
	struct event *retry;
};

static void flow_pump(struct flow *flow)
{
	struct flows *flows = flow->flows;

	while (flows->state == FLOWING &&
	       pg_flush_pending(flow->flush) < FLOW_PENDING) {
		struct batch *batch = lanes_take_batch(flows->deps.lanes, flow->lane);

		if (batch == NULL)
			break;
		pg_flush_submit(flow->flush, batch);
	}
	if (flows->state != FLOWING || pg_flush_pending(flow->flush) >= FLOW_PENDING)
		event_del(flow->readable);
	else
		event_add(flow->readable, NULL);
}

static void on_readable(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	flow_pump(context);
}

static struct source *source_named(const struct flows *flows, const char *name)
{
	for (size_t i = 0; i < flows->deps.sources_count; i++) {
		if (strcmp(flows->deps.sources[i]->name, name) == 0)
			return flows->deps.sources[i];
	}
	return NULL;
}

/* what the spool gave belongs to the source that put it there */
static struct source *source_of_ingestion(const struct flows *flows,
					  int64_t ingestion_id)
{
	for (size_t i = 0; i < flows->deps.counted_count; i++) {
		if (flows->deps.sources[i]->ingestion_id == ingestion_id)
			return flows->deps.sources[i];
	}
	return NULL;
}

static void count_latency(struct source *source, int64_t arrived_us)
{
	int64_t now_us = clock_now_us();

	/* a clock that was set back measures nothing */
	if (arrived_us != 0 && now_us >= arrived_us)
		source_note_latency(&source->stats, (uint64_t)(now_us - arrived_us));
}

static void count_ledger(const struct flows *flows, const struct batch_sums *sums)
{
	struct source *source = source_of_ingestion(flows, sums->ingestion_id);
	uint64_t dropped = sums->skipped_bytes;
	uint64_t records = 0;

	if (source == NULL) {
		http_tally_store(flows->deps.tally, sums->ingestion_id,
				 sums->stored_records, clock_monotonic_us());
		return;
	}
	for (unsigned i = 0; i < DROP_DUPLICATE; i++) {
		dropped += sums->dropped.bytes[i];
		records += sums->dropped.records[i];
	}
	count_latency(source, sums->arrived_us);
	atomic_fetch_add(&source->stats.ledger_received_bytes, sums->received_bytes);
	atomic_fetch_add(&source->stats.ledger_stored_bytes, sums->stored_bytes);
	atomic_fetch_add(&source->stats.ledger_stored_records, sums->stored_records);
	atomic_fetch_add(&source->stats.ledger_deduplicated_bytes,
			 sums->dropped.bytes[DROP_DUPLICATE]);
	atomic_fetch_add(&source->stats.ledger_dropped_bytes, dropped);
	atomic_fetch_add(&source->stats.ledger_dropped_records, records);
}

static void tell_sources(const struct flows *flows, const struct batch *batch)
{
	for (size_t i = 0; i < batch->streams_count; i++) {
		const struct batch_stream *stream = &batch->streams[i];
		struct source *source = source_named(flows, stream->info->source);

		if (source != NULL)
			source->ops->committed(source, stream->stream, stream->to);
		for (size_t k = 0; k < stream->sums_count; k++)
			count_ledger(flows, &stream->sums[k]);
	}
	for (size_t i = 0; i < batch->learned_count; i++) {
		const struct batch_learned *learned = &batch->learned[i];

		learner_trim(learners_get(flows->deps.learners, learned->project_id),
			     learned->up_to);
	}
}

static void read_positions(struct flows *flows);

static void end_recovery(struct flows *flows)
{
	flows->state = FLOWING;
	log_info("flows", "all sources start again from their stored positions");
	for (size_t i = 0; i < flows->count; i++) {
		pg_flush_resume(flows->items[i].flush);
		flow_pump(&flows->items[i]);
	}
}

static void on_positions(void *context, const struct pg_rows *rows,
			 const struct pg_error *error)
{
	struct flows *flows = context;
	struct source *source = flows->deps.sources[flows->rewinding];
	const struct timeval delay = { .tv_usec = RETRY_US };
	struct stored_positions positions = { 0 };

	flows->query = NULL;
	if (rows == NULL) {
		log_warn("flows", "cannot read positions, trying again: %s",
			 error->error.text);
		event_add(flows->retry, &delay);
		return;
	}
	pg_bootstrap_read_positions(rows, &positions);
	crash_point("flows.rewind");
	source->ops->rewind(source, &positions);
	stored_positions_deinit(&positions);
	flows->rewinding++;
	read_positions(flows);
}

static void read_positions(struct flows *flows)
{
	if (flows->rewinding == flows->deps.sources_count) {
		end_recovery(flows);
		return;
	}
	flows->query =
		positions_query(flows->deps.pool, flows->deps.sources[flows->rewinding],
				on_positions, flows);
}

static void on_retry(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	read_positions(context);
}

/* every flush must have come to rest before positions are worth reading */
static void rewind_when_rested(struct flows *flows)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (pg_flush_pending(flows->items[i].flush) > 0)
			return;
	}
	flows->state = REWINDING;
	flows->rewinding = 0;
	read_positions(flows);
}

static void begin_recovery(struct flows *flows)
{
	if (flows->state != FLOWING)
		return;
	flows->state = RESTING;
	log_warn("flows",
		 "stored positions are not where we left them: another member of a "
		 "Kafka group took them over, or another siftd uses the same "
		 "state_dir");
	for (unsigned i = 0; i < lanes_count(flows->deps.lanes); i++)
		lanes_begin_epoch(flows->deps.lanes, i);
}

static void on_rested(evutil_socket_t fd, short events, void *context)
{
	struct flow *flow = context;

	(void)fd;
	(void)events;
	if (flow->flows->state == FLOWING)
		flow_pump(flow);
	else if (flow->flows->state == RESTING)
		rewind_when_rested(flow->flows);
}

/* the flush counts the batch as pending until this returns */
static void on_flush_done(void *context, const struct batch *batch,
			  enum flush_result result)
{
	struct flow *flow = context;

	crash_point("flush.committed");
	if (result == FLUSH_COMMITTED)
		tell_sources(flow->flows, batch);
	else if (result == FLUSH_GUARD_FAILED)
		begin_recovery(flow->flows);
	crash_point("flush.told");
	event_active(flow->rested, EV_TIMEOUT, 1);
}

struct flows *flows_new(const struct flows_deps *deps)
{
	struct flows *flows = mem_calloc(1, sizeof(*flows));

	flows->deps = *deps;
	flows->count = lanes_count(deps->lanes);
	flows->items = mem_calloc(flows->count, sizeof(*flows->items));
	flows->retry = event_new(deps->base, -1, 0, on_retry, flows);
	for (unsigned i = 0; i < flows->count; i++) {
		struct flow *flow = &flows->items[i];

		flow->flows = flows;
		flow->lane = i;
		flow->flush =
			pg_flush_new(deps->base, deps->conninfo, on_flush_done, flow);
		pg_flush_set_limits(flow->flush, &deps->limits);
		flow->readable = event_new(deps->base, lanes_batch_fd(deps->lanes, i),
					   EV_READ | EV_PERSIST, on_readable, flow);
		event_add(flow->readable, NULL);
		flow->rested = event_new(deps->base, -1, 0, on_rested, flow);
	}
	return flows;
}

void flows_free(struct flows **flows_ptr)
{
	struct flows *flows = *flows_ptr;

	if (flows == NULL)
		return;
	if (flows->query != NULL)
		pg_query_cancel(flows->query);
	for (size_t i = 0; i < flows->count; i++) {
		pg_flush_free(&flows->items[i].flush);
		event_free(flows->items[i].readable);
		event_free(flows->items[i].rested);
	}
	event_free(flows->retry);
	mem_free(flows->items);
	mem_free(flows);
	*flows_ptr = NULL;
}

static bool holds_none(const struct flows *flows)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (pg_flush_pending(flows->items[i].flush) > 0 ||
		    lanes_batches_queued(flows->deps.lanes, flows->items[i].lane))
			return false;
	}
	return true;
}

bool flows_idle(const struct flows *flows)
{
	return lanes_ended(flows->deps.lanes) && holds_none(flows);
}

bool flows_resting(const struct flows *flows)
{
	return flows->state == FLOWING && lanes_queued_bytes(flows->deps.lanes) == 0 &&
	       holds_none(flows);
}

size_t flows_count(const struct flows *flows)
{
	return flows->count;
}

const struct flush_stats *flows_stats(const struct flows *flows, size_t lane)
{
	return pg_flush_stats(flows->items[lane].flush);
}
