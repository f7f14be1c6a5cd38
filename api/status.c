/* status.c - probes and metrics */
#include "api/status.h"

#include <inttypes.h>

#include "api/context.h"
#include "api/db.h"
#include "api/events.h"
#include "api/http_conn.h"
#include "api/insights.h"
#include "api/kept_answers.h"
#include "api/key_memory.h"
#include "api/limiter.h"
#include "api/push.h"
#include "api/tail_guard.h"
#include "api/tails.h"
#include "base/embedded.h"

/* made by embed.cmake; api/openapi.yaml is the only one */
extern const struct embedded_file api_documents[];

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void reply_status(struct request *request, const char *status)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_string(&out, "status", slice_str(status));
	json_key_string(&out, "version", slice_str(request->api->deps.version));
	json_object_end(&out);
	request_reply_json(request, 200);
}

void status_health(struct request *request)
{
	reply_status(request, "ok");
}

static void on_ready(struct request *request, const struct pg_rows *rows)
{
	(void)rows; /* that it answered is enough */
	reply_status(request, "ready");
}

void status_ready(struct request *request)
{
	struct db_call call = { .sql = "SELECT 1", .done = on_ready };

	if (!request->api->ready) {
		request_unavailable(request, "Starting.");
		return;
	}
	db_run(request, &call);
}

void status_version(struct request *request)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_string(&out, "version", slice_str(request->api->deps.version));
	json_object_end(&out);
	request_reply_json(request, 200);
}

static void write_own_metrics(const struct api_context *api, struct buf *out)
{
	const struct request_stats *stats = api->stats;

	buf_append_str(out, "# TYPE siftd_http_requests_total counter\n");
	for (unsigned i = 1; i < ARRAY_LEN(stats->answered); i++)
		buf_printf(out,
			   "siftd_http_requests_total{class=\"%uxx\"} %" PRIu64 "\n", i,
			   stats->answered[i]);
	buf_printf(out,
		   "# TYPE siftd_http_requests_abandoned_total counter\n"
		   "siftd_http_requests_abandoned_total %" PRIu64 "\n"
		   "# TYPE siftd_http_requests_open gauge\n"
		   "siftd_http_requests_open %" PRIu64 "\n"
		   "# TYPE siftd_http_requests_coalesced_total counter\n"
		   "siftd_http_requests_coalesced_total %" PRIu64 "\n"
		   "# TYPE siftd_http_throttled_total counter\n"
		   "siftd_http_throttled_total %" PRIu64 "\n"
		   "# TYPE siftd_http_logins_slowed_total counter\n"
		   "siftd_http_logins_slowed_total %" PRIu64 "\n"
		   "# TYPE siftd_http_limiter_forgotten_total counter\n"
		   "siftd_http_limiter_forgotten_total %" PRIu64 "\n",
		   stats->abandoned, stats->open, stats->coalesced, stats->throttled,
		   stats->slowed, limiter_forgotten(api->limiter));
}

static void write_connection_metrics(const struct api_context *api, struct buf *out)
{
	const struct http_conn_stats *stats = api->conn_stats;

	buf_printf(out,
		   "# TYPE siftd_http_connections_total counter\n"
		   "siftd_http_connections_total %" PRIu64 "\n"
		   "# TYPE siftd_http_connections_open gauge\n"
		   "siftd_http_connections_open %" PRIu64 "\n"
		   "# TYPE siftd_http_connections_refused_total counter\n"
		   "siftd_http_connections_refused_total{limit=\"all\"} %" PRIu64 "\n"
		   "siftd_http_connections_refused_total{limit=\"address\"} %" PRIu64
		   "\n"
		   "# TYPE siftd_http_slow_total counter\n"
		   "siftd_http_slow_total %" PRIu64 "\n"
		   "# TYPE siftd_http_slow_readers_total counter\n"
		   "siftd_http_slow_readers_total %" PRIu64 "\n",
		   stats->accepted, stats->open, stats->refused_total,
		   stats->refused_address, stats->slow, stats->slow_readers);
	buf_printf(out,
		   "# TYPE siftd_http_heads_refused_total counter\n"
		   "siftd_http_heads_refused_total %" PRIu64 "\n"
		   "# TYPE siftd_http_bodies_bytes gauge\n"
		   "siftd_http_bodies_bytes %" PRIu64 "\n"
		   "# TYPE siftd_http_bodies_refused_total counter\n"
		   "siftd_http_bodies_refused_total %" PRIu64 "\n",
		   stats->heads_refused, stats->bodies_bytes, stats->bodies_refused);
}

static void write_query_metrics(const struct api_context *api, struct buf *out)
{
	static const char *const names[EVENTS_STATUSES] = {
		[EVENTS_OK] = "ok",
		[EVENTS_NOT_FOUND] = "not_found",
		[EVENTS_BUSY] = "busy",
		[EVENTS_AWAY] = "away",
		[EVENTS_TIMEOUT] = "timeout",
		[EVENTS_TOO_COSTLY] = "too_costly",
		[EVENTS_TOO_LARGE] = "too_large",
		[EVENTS_FAILED] = "failed",
	};
	const struct events_stats *stats = api->events_stats;
	const struct words_cache_stats cache = words_cache_stats(api->deps.words);
	const struct block_cache_stats blocks = block_cache_stats(api->deps.blocks);

	buf_append_str(out, "# TYPE siftd_queries_total counter\n");
	for (unsigned i = 0; i < EVENTS_STATUSES; i++)
		buf_printf(out, "siftd_queries_total{outcome=\"%s\"} %" PRIu64 "\n",
			   names[i], stats->ended[i]);
	buf_printf(out,
		   "siftd_queries_total{outcome=\"cancelled\"} %" PRIu64 "\n"
		   "# TYPE siftd_queries_cut_total counter\n"
		   "siftd_queries_cut_total %" PRIu64 "\n"
		   "# TYPE siftd_queries_damaged_blocks_total counter\n"
		   "siftd_queries_damaged_blocks_total %" PRIu64 "\n"
		   "# TYPE siftd_queries_running gauge\n"
		   "siftd_queries_running %" PRIu64 "\n"
		   "# TYPE siftd_query_jobs gauge\n"
		   "siftd_query_jobs %zu\n",
		   stats->cancelled, stats->cut, stats->damaged, stats->running,
		   query_workers_pending(api->deps.workers));
	buf_printf(out,
		   "# TYPE siftd_words_cache_bytes gauge\n"
		   "siftd_words_cache_bytes %zu\n"
		   "# TYPE siftd_words_cache_hits_total counter\n"
		   "siftd_words_cache_hits_total %" PRIu64 "\n"
		   "# TYPE siftd_words_cache_misses_total counter\n"
		   "siftd_words_cache_misses_total %" PRIu64 "\n"
		   "# TYPE siftd_words_cache_evicted_total counter\n"
		   "siftd_words_cache_evicted_total %" PRIu64 "\n",
		   cache.bytes, cache.hits, cache.misses, cache.evicted);
	buf_printf(out,
		   "# TYPE siftd_block_cache_bytes gauge\n"
		   "siftd_block_cache_bytes %zu\n"
		   "# TYPE siftd_block_cache_hits_total counter\n"
		   "siftd_block_cache_hits_total %" PRIu64 "\n"
		   "# TYPE siftd_block_cache_misses_total counter\n"
		   "siftd_block_cache_misses_total %" PRIu64 "\n"
		   "# TYPE siftd_block_cache_evicted_total counter\n"
		   "siftd_block_cache_evicted_total %" PRIu64 "\n",
		   blocks.bytes, blocks.hits, blocks.misses, blocks.evicted);
}

static void write_tail_metrics(const struct api_context *api, struct buf *out)
{
	const struct tails_stats *stats = tails_stats(api->tails);

	buf_printf(out,
		   "# TYPE siftd_tail_listeners gauge\n"
		   "siftd_tail_listeners %" PRIu64 "\n"
		   "# TYPE siftd_tail_feeds gauge\n"
		   "siftd_tail_feeds %" PRIu64 "\n"
		   "# TYPE siftd_tail_opened_total counter\n"
		   "siftd_tail_opened_total %" PRIu64 "\n"
		   "# TYPE siftd_tail_refused_total counter\n"
		   "siftd_tail_refused_total %" PRIu64 "\n"
		   "# TYPE siftd_tail_fallen_behind_total counter\n"
		   "siftd_tail_fallen_behind_total %" PRIu64 "\n"
		   "# TYPE siftd_tail_revoked_total counter\n"
		   "siftd_tail_revoked_total %" PRIu64 "\n",
		   stats->listeners, stats->feeds, stats->opened, stats->refused,
		   stats->fallen_behind, tail_guard_revoked(api->tail_guard));
}

void status_metrics(struct request *request)
{
	const struct api_context *api = request->api;

	buf_printf(&request->out,
		   "# TYPE siftd_build_info gauge\n"
		   "siftd_build_info{version=\"%s\"} 1\n",
		   api->deps.version);
	write_own_metrics(api, &request->out);
	write_connection_metrics(api, &request->out);
	write_query_metrics(api, &request->out);
	kept_answers_write_metrics(api->kept_answers, &request->out);
	write_tail_metrics(api, &request->out);
	push_write_metrics(api->push_stats, &request->out);
	key_memory_write_metrics(api->key_memory, &request->out);
	insights_write_metrics(api->insights, &request->out);
	if (api->deps.metrics != NULL)
		api->deps.metrics(api->deps.metrics_context, &request->out);
	request_reply(request, 200, METRICS_TYPE);
}

void status_openapi(struct request *request)
{
	buf_append_slice(&request->out, api_documents[0].bytes);
	request_reply(request, 200, "application/yaml");
}
