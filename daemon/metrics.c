/* metrics.c - siftd_* counters; a label is never a fingerprint or anything from a log
 */
#include "daemon/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "daemon/idle_clock.h"

static void write_head(struct buf *out, const char *name, const char *type,
		       const char *help)
{
	buf_printf(out, "# HELP siftd_%s %s\n# TYPE siftd_%s %s\n", name, help, name,
		   type);
}

struct lane_metric {
	const char *name;
	const char *help;
	size_t offset;
};

static const struct lane_metric lane_metrics[] = {
	{ "lane_bytes_total", "bytes taken by a lane",
	  offsetof(struct pipeline_stats, bytes) },
	{ "lane_records_total", "records made by a lane",
	  offsetof(struct pipeline_stats, records) },
	{ "lane_batches_total", "batches sealed by a lane",
	  offsetof(struct pipeline_stats, batches) },
	{ "lane_cut_records_total", "records that a size bound ended",
	  offsetof(struct pipeline_stats, cut_records) },
	{ "lane_closed_by_time_total",
	  "records complete because their stream was silent",
	  offsetof(struct pipeline_stats, closed_by_time) },
	{ "lane_stale_chunks_total", "chunks of streams from before a rewind",
	  offsetof(struct pipeline_stats, unknown_stream_chunks) },
	{ "lane_template_hits_total", "records whose template the lane knew",
	  offsetof(struct pipeline_stats, cache_hits) },
	{ "lane_template_misses_total",
	  "records whose template the learner was asked for",
	  offsetof(struct pipeline_stats, cache_misses) },
	{ "lane_windows_dropped_total", "events that no window of a rule had room for",
	  offsetof(struct pipeline_stats, windows_dropped) },
	{ "lane_shape_hits_total", "lines whose layout the lane knew",
	  offsetof(struct pipeline_stats, shape_hits) },
	{ "lane_shape_misses_total", "lines whose layout the lane did not know",
	  offsetof(struct pipeline_stats, shape_misses) },
	{ "lane_shape_evictions_total",
	  "layouts forgotten to make room: see grouping.shapes_bytes",
	  offsetof(struct pipeline_stats, shape_evictions) },
};

static void write_lanes(const struct metrics_deps *deps, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(lane_metrics); i++) {
		const struct lane_metric *metric = &lane_metrics[i];

		write_head(out, metric->name, "counter", metric->help);
		for (unsigned lane = 0; lane < lanes_count(deps->lanes); lane++) {
			struct pipeline_stats stats = lanes_stats(deps->lanes, lane);
			uint64_t value = 0;

			memcpy(&value, (const char *)&stats + metric->offset,
			       sizeof(value));
			buf_printf(out, "siftd_%s{lane=\"%u\"} %" PRIu64 "\n",
				   metric->name, lane, value);
		}
	}
	write_head(out, "lane_queued_bytes", "gauge", "bytes waiting for the lanes");
	buf_printf(out, "siftd_lane_queued_bytes %zu\n",
		   lanes_queued_bytes(deps->lanes));
}

static const struct lane_metric flush_metrics[] = {
	{ "flush_batches_total", "batches committed",
	  offsetof(struct flush_stats, committed_batches) },
	{ "flush_events_total", "events committed",
	  offsetof(struct flush_stats, committed_events) },
	{ "flush_raw_bytes_total", "raw bytes of committed events",
	  offsetof(struct flush_stats, committed_bytes) },
	{ "flush_retries_total", "transactions sent again",
	  offsetof(struct flush_stats, retries) },
	{ "flush_guard_failures_total", "batches refused since a position had moved",
	  offsetof(struct flush_stats, guard_failures) },
	{ "flush_quarantined_events_total",
	  "events set aside since the database refused "
	  "their data",
	  offsetof(struct flush_stats, quarantined_events) },
};

static void write_flushes(const struct metrics_deps *deps, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(flush_metrics); i++) {
		const struct lane_metric *metric = &flush_metrics[i];

		write_head(out, metric->name, "counter", metric->help);
		for (size_t lane = 0; lane < flows_count(deps->flows); lane++) {
			const struct flush_stats *stats =
				flows_stats(deps->flows, lane);
			uint64_t value = 0;

			memcpy(&value, (const char *)stats + metric->offset,
			       sizeof(value));
			buf_printf(out, "siftd_%s{lane=\"%zu\"} %" PRIu64 "\n",
				   metric->name, lane, value);
		}
	}
	write_head(out, "flush_connected", "gauge",
		   "1 while the lane's connection is up");
	for (size_t lane = 0; lane < flows_count(deps->flows); lane++)
		buf_printf(out, "siftd_flush_connected{lane=\"%zu\"} %d\n", lane,
			   flows_stats(deps->flows, lane)->connected ? 1 : 0);
}

static void write_source(const struct source *source, struct buf *out)
{
	const struct source_stats *stats = &source->stats;
	const struct {
		const char *name;
		uint64_t value;
	} values[] = {
		{ "received_bytes_total", atomic_load(&stats->received_bytes) },
		{ "received_frames_total", atomic_load(&stats->received_frames) },
		{ "errors_total", atomic_load(&stats->errors) },
		{ "skipped_bytes_total", atomic_load(&stats->skipped_bytes) },
		{ "truncated_frames_total", atomic_load(&stats->truncated_frames) },
		{ "dropped_frames_total", atomic_load(&stats->dropped_frames) },
		{ "malformed_headers_total", atomic_load(&stats->malformed_headers) },
		{ "timed_out_streams_total", atomic_load(&stats->timed_out_streams) },
		{ "canaries_total", atomic_load(&stats->canaries) },
		{ "rebalances_total", atomic_load(&stats->rebalances) },
		{ "ledger_received_bytes_total",
		  atomic_load(&stats->ledger_received_bytes) },
		{ "ledger_stored_bytes_total",
		  atomic_load(&stats->ledger_stored_bytes) },
		{ "ledger_stored_records_total",
		  atomic_load(&stats->ledger_stored_records) },
		{ "ledger_deduplicated_bytes_total",
		  atomic_load(&stats->ledger_deduplicated_bytes) },
		{ "ledger_dropped_bytes_total",
		  atomic_load(&stats->ledger_dropped_bytes) },
		{ "ledger_dropped_records_total",
		  atomic_load(&stats->ledger_dropped_records) },
		{ "lag_bytes", atomic_load(&stats->lag_bytes) },
		{ "waiting_files", atomic_load(&stats->waiting_files) },
		{ "unwatched_files", atomic_load(&stats->unwatched_files) },
		{ "lag_frames", atomic_load(&stats->lag_frames) },
		{ "open_streams", atomic_load(&stats->open_streams) },
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		buf_printf(out,
			   "siftd_source_%s{source=\"%s\",type=\"%s\"} %" PRIu64 "\n",
			   values[i].name, source->name, source->ops->type,
			   values[i].value);
}

/* of batches, from the arrival of their oldest record to their commit */
static void write_latency(const struct source *source, struct buf *out)
{
	const struct source_stats *stats = &source->stats;
	const char *type = source->ops->type;
	uint64_t count = 0;

	for (size_t i = 0; i < SOURCE_LATENCY_BOUNDS; i++) {
		count += atomic_load(&stats->latency_counts[i]);
		buf_printf(out,
			   "siftd_source_latency_seconds_bucket{source=\"%s\","
			   "type=\"%s\",le=\"%g\"} %" PRIu64 "\n",
			   source->name, type,
			   (double)source_latency_bounds_us[i] / 1e6, count);
	}
	count += atomic_load(&stats->latency_counts[SOURCE_LATENCY_BOUNDS]);
	buf_printf(out,
		   "siftd_source_latency_seconds_bucket{source=\"%s\",type=\"%s\","
		   "le=\"+Inf\"} %" PRIu64 "\n",
		   source->name, type, count);
	buf_printf(
		out,
		"siftd_source_latency_seconds_sum{source=\"%s\",type=\"%s\"} %.6f\n"
		"siftd_source_latency_seconds_count{source=\"%s\",type=\"%s\"} %" PRIu64
		"\n",
		source->name, type, (double)atomic_load(&stats->latency_sum_us) / 1e6,
		source->name, type, count);
}

static void write_learners(const struct metrics_deps *deps, struct buf *out)
{
	struct learner_stats stats = { 0 };

	learners_stats(deps->learners, &stats);
	write_head(out, "learner_templates", "gauge", "templates held in memory");
	buf_printf(out, "siftd_learner_templates %" PRIu64 "\n",
		   stats.leaves + stats.generalised);
	write_head(out, "learner_groups", "gauge", "groups held in memory");
	buf_printf(out, "siftd_learner_groups %" PRIu64 "\n", stats.groups);
	write_head(out, "learner_evicted_total", "counter", "templates forgotten");
	buf_printf(out, "siftd_learner_evicted_total %" PRIu64 "\n", stats.evicted);
	write_head(out, "learner_passed_total", "counter",
		   "records of a flood that were not learned");
	buf_printf(out, "siftd_learner_passed_total %" PRIu64 "\n", stats.passed);
	write_head(out, "learner_refused_total", "counter",
		   "generalised templates that had no room");
	buf_printf(out, "siftd_learner_refused_total %" PRIu64 "\n", stats.refused);
	write_head(out, "learner_bytes", "gauge", "memory of the learners");
	buf_printf(out, "siftd_learner_bytes %" PRIu64 "\n", stats.bytes);
}

void metrics_write(void *context, struct buf *out)
{
	const struct metrics_deps *deps = context;

	write_lanes(deps, out);
	write_flushes(deps, out);
	write_learners(deps, out);
	if (deps->upkeep != NULL)
		upkeep_write_metrics(deps->upkeep, out);
	if (deps->gone_files != NULL)
		gone_files_write_metrics(deps->gone_files, out);
	if (deps->follower != NULL)
		follower_write_metrics(deps->follower, out);
	if (deps->rule_shelf != NULL)
		rule_shelf_write_metrics(deps->rule_shelf, out);
	if (deps->notify != NULL)
		notify_write_metrics(deps->notify, out);
	idle_clock_write_metrics(deps->idle_clock, out);
	for (size_t i = 0; i < deps->sources_count; i++)
		write_source(deps->sources[i], out);
	write_head(out, "source_latency_seconds", "histogram",
		   "from the arrival of a batch's oldest record to its commit");
	for (size_t i = 0; i < deps->sources_count; i++)
		write_latency(deps->sources[i], out);
}
