/* parts.c - making the daemon's objects in their order, and freeing them in reverse */
#include "daemon/parts.h"

#include <unistd.h>

#include "api/api.h"
#include "api/block_cache.h"
#include "api/query_workers.h"
#include "api/words_cache.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/config.h"
#include "daemon/config_http.h"
#include "daemon/flows.h"
#include "daemon/follower.h"
#include "daemon/gone_files.h"
#include "daemon/idle_clock.h"
#include "daemon/lanes.h"
#include "daemon/learners.h"
#include "daemon/positions.h"
#include "daemon/rule_shelf.h"
#include "daemon/rules_start.h"
#include "daemon/source_maker.h"
#include "daemon/staging.h"
#include "daemon/state_dir.h"
#include "daemon/store.h"
#include "daemon/telling.h"
#include "daemon/upkeep.h"
#include "pipeline/rules.h"
#include "sinks/keyring.h"
#include "sinks/notify.h"
#include "sinks/pg_pool.h"
#include "sources/http_tally.h"
#include "sources/port.h"
#include "sources/spool.h"
#include "sources/uploads.h"

#define LANE_CHUNK_BYTES ((size_t)8 << 20)
#define QUERY_JOBS_MAX 256

static bool put_chunk(void *context, struct chunk *chunk)
{
	return lanes_put(context, chunk);
}

static bool try_put_chunk(void *context, struct chunk *chunk)
{
	return lanes_try_put(context, chunk);
}

static struct learner *learner_of(void *context, int64_t project_id)
{
	return learners_get(context, project_id);
}

static void make_learners(struct parts *parts)
{
	const struct learner_config config = {
		.templates_max = (size_t)parts->config->grouping.templates_max,
		.buckets_max = (size_t)parts->config->grouping.buckets_max,
		.bytes_max = (size_t)parts->config->grouping.memory_bytes_max,
	};

	parts->learners = learners_new(&config);
}

static struct front_config front_config_of(const struct config *config)
{
	return (struct front_config){
		.record_bytes_max = (size_t)config->record.bytes_max,
		.record_lines_max = (size_t)config->record.lines_max,
		.zone_offset_s = (int32_t)config->record.zone_offset_minutes * 60,
	};
}

static unsigned lanes_wanted(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->lanes > 0)
		return (unsigned)config->lanes;
	return cores > 2 ? (unsigned)cores - 1 : 1;
}

static void make_lanes(struct parts *parts)
{
	const struct config *config = parts->config;
	const struct lanes_config lanes_config = {
		.count = lanes_wanted(config),
		.chunk_bytes_max = LANE_CHUNK_BYTES,
		.batch_bytes_max = (size_t)config->batch.queue_bytes,
		.batch_age_us = config->batch.age_us,
		.batch_age_behind_us = config->batch.age_behind_us,
		.pipeline = {
			.front = front_config_of(config),
			.batch_events_max = (uint64_t)config->batch.events_max,
			.batch_bytes_max = (uint64_t)config->batch.bytes_max,
			.record_close_us = config->record.close_after_us,
			.templates_max = (size_t)config->grouping.templates_max,
			.shapes_bytes = (size_t)config->grouping.shapes_bytes,
			.zstd_level = (int)config->batch.zstd_level,
		},
	};
	const struct pipeline_deps deps = { .rules = parts->rules,
					    .rules_of = rule_shelf_take,
					    .rules_context = parts->rule_shelf,
					    .rules_generation = rule_shelf_generation(
						    parts->rule_shelf),
					    .learner_of = learner_of,
					    .context = parts->learners };

	parts->lanes = lanes_start(&lanes_config, &deps);
}

static int make_staging(struct parts *parts, struct error *error)
{
	if (staging_open_spool(parts->base, parts->config, parts->host_id,
			       &parts->spool, error) < 0)
		return -1;
	parts->sources[parts->sources_count++] = spool_source(parts->spool);
	if (staging_open_uploads(parts->base, parts->config, parts->host_id,
				 &parts->uploads, error) < 0)
		return -1;
	parts->sources[parts->sources_count++] = uploads_source(parts->uploads);
	return 0;
}

static int make_sources(struct parts *parts, enum source_kind kind, struct error *error)
{
	const struct source_maker maker = { .base = parts->base,
					    .store = parts->store,
					    .spool = parts->spool,
					    .host_id = parts->host_id };

	for (size_t i = 0; i < parts->config->sources_count; i++) {
		const struct source_config *config = &parts->config->sources[i];
		struct source *source = NULL;

		if (config->kind != kind)
			continue;
		if (source_make(&maker, config, &source, error) < 0)
			return error_prefix(error, "source %s", config->name);
		parts->sources[parts->sources_count++] = source;
	}
	return 0;
}

static int make_all_sources(struct parts *parts, struct error *error)
{
	parts->sources =
		mem_calloc(parts->config->sources_count + 2, sizeof(struct source *));
	if (make_staging(parts, error) < 0 ||
	    make_sources(parts, SOURCE_FILE, error) < 0 ||
	    make_sources(parts, SOURCE_KAFKA, error) < 0)
		return -1;
	parts->positioned_count = parts->sources_count;
	if (make_sources(parts, SOURCE_SYSLOG_TCP, error) < 0 ||
	    make_sources(parts, SOURCE_SYSLOG_UDP, error) < 0 ||
	    make_sources(parts, SOURCE_SYSLOG_UNIX, error) < 0)
		return -1;
	for (size_t i = 0; i < parts->sources_count; i++) {
		struct source *source = parts->sources[i];

		source->sink = (struct source_sink){ .context = parts->lanes,
						     .put = put_chunk,
						     .try_put = try_put_chunk };
		if (source->host_id == NULL)
			source->host_id = parts->host_id;
	}
	return 0;
}

static void make_flows(struct parts *parts)
{
	const struct pg_config pool_config = {
		.conninfo = store_conninfo(parts->store),
		.connections_max = (unsigned)parts->config->database.connections_max,
		.pending_max = (unsigned)parts->config->database.pending_max,
		.query_ms_max =
			(unsigned)(parts->config->database.query_timeout_us / 1000),
	};
	struct flows_deps deps = {
		.base = parts->base,
		.lanes = parts->lanes,
		.learners = parts->learners,
		.conninfo = pool_config.conninfo,
		.limits = telling_limits(parts->config),
		.sources = parts->sources,
		.sources_count = parts->positioned_count,
		.counted_count = parts->sources_count,
	};

	deps.tally = parts->tally = http_tally_new();
	parts->pool = pg_pool_new(parts->base, &pool_config);
	deps.pool = parts->pool;
	parts->flows = flows_new(&deps);
	parts->positions = positions_new(parts->base, parts->pool, parts->sources,
					 parts->positioned_count);
	for (size_t i = 0; i < parts->positioned_count; i++)
		parts->sources[i]->positions =
			(struct source_positions){ .context = parts->positions,
						   .ask = positions_ask };
	parts->metrics = (struct metrics_deps){ .lanes = parts->lanes,
						.flows = parts->flows,
						.learners = parts->learners,
						.sources = parts->sources,
						.sources_count = parts->sources_count };
}

static void regrouped(void *context, int64_t project_id,
		      const struct learner_move *moves, size_t count)
{
	learner_regroup(learners_get(context, project_id), moves, count);
}

static void make_upkeep(struct parts *parts)
{
	const struct upkeep_deps deps = {
		.base = parts->base,
		.workers = parts->workers,
		.conninfo = store_conninfo(parts->store),
		.config = parts->config,
	};

	parts->upkeep = upkeep_new(&deps);
	parts->metrics.upkeep = parts->upkeep;
}

static void make_gone_files(struct parts *parts)
{
	const struct gone_files_deps deps = {
		.base = parts->base,
		.pool = parts->pool,
		.workers = parts->workers,
		.config = parts->config,
		.host_id = parts->host_id,
	};

	parts->gone_files = gone_files_new(&deps);
	parts->metrics.gone_files = parts->gone_files;
}

static void make_follower(struct parts *parts)
{
	const struct follower_deps deps = {
		.base = parts->base,
		.pool = parts->pool,
		.learners = parts->learners,
		.conninfo = store_conninfo(parts->store),
	};

	parts->follower = follower_new(&deps);
	parts->metrics.follower = parts->follower;
}

static int make_notify(struct parts *parts, struct error *error)
{
	struct telling_parts telling = { .base = parts->base, .pool = parts->pool };

	if (telling_keys(parts->config, store_conninfo(parts->store), &parts->keyring,
			 error) < 0)
		return -1;
	telling.keyring = parts->keyring;
	if (telling_start(parts->config, &telling, &parts->notify, error) < 0)
		return -1;
	parts->metrics.notify = parts->notify;
	return 0;
}

static void make_idle_clock(struct parts *parts)
{
	const struct idle_clock_deps deps = {
		.base = parts->base,
		.pool = parts->pool,
		.flows = parts->flows,
		.sources = parts->sources,
		.sources_count = parts->positioned_count,
		.host_id = parts->host_id,
		.lateness_us = parts->config->windows.lateness_us,
		.limits = telling_limits(parts->config),
	};

	parts->idle_clock = idle_clock_new(&deps);
	parts->metrics.idle_clock = parts->idle_clock;
}

static int make_api(struct parts *parts, struct error *error)
{
	struct api_config config = { 0 };
	struct endpoint endpoint = { 0 };
	struct api_deps deps = {
		.base = parts->base,
		.pool = parts->pool,
		.spool = parts->spool,
		.uploads = parts->uploads,
		.keyring = parts->keyring,
		.rules = parts->rules,
		.rules_changed = rule_shelf_poke,
		.rules_context = parts->rule_shelf,
		.sources = parts->sources,
		.sources_count = parts->sources_count,
		.tally = parts->tally,
		.metrics = metrics_write,
		.metrics_context = &parts->metrics,
		.regrouped = regrouped,
		.regrouped_context = parts->learners,
		.version = SIFTD_VERSION,
	};
	int status = endpoint_parse(parts->config->http.listen, &endpoint, error);

	if (status < 0)
		return error_prefix(error, "http.listen");
	parts->workers = query_workers_new(parts->base,
					   (unsigned)parts->config->http.query_workers,
					   QUERY_JOBS_MAX);
	parts->words = words_cache_new((size_t)parts->config->query.cache_bytes);
	parts->blocks = block_cache_new((size_t)parts->config->query.block_cache_bytes);
	deps.workers = parts->workers;
	deps.words = parts->words;
	deps.blocks = parts->blocks;
	rule_shelf_follow(parts->rule_shelf, parts->base, parts->pool, parts->workers);
	parts->metrics.rule_shelf = parts->rule_shelf;
	make_upkeep(parts);
	make_follower(parts);
	make_gone_files(parts);
	config = config_http(parts->config, &endpoint);
	status = api_new(&config, &deps, &parts->api, error);
	endpoint_deinit(&endpoint);
	return status;
}

int parts_make(struct parts *parts, const struct config *config,
	       struct event_base *base, struct error *error)
{
	parts->config = config;
	parts->base = base;
	if (state_dir_take(config->state_dir, &parts->state_dir_fd, error) < 0 ||
	    host_id_load(config->state_dir, parts->host_id, error) < 0 ||
	    rules_start(config, &parts->rules, error) < 0 ||
	    store_start(config, &parts->store, error) < 0)
		return -1;
	make_learners(parts);
	if (rules_start_shelf(config, store_conninfo(parts->store), &parts->rule_shelf,
			      error) < 0 ||
	    store_restore(parts->store, parts->learners, error) < 0)
		return -1;
	make_lanes(parts);
	if (make_all_sources(parts, error) < 0)
		return -1;
	make_flows(parts);
	if (make_notify(parts, error) < 0)
		return -1;
	make_idle_clock(parts);
	return make_api(parts, error);
}

int parts_start_sources(struct parts *parts, struct error *error)
{
	for (size_t i = 0; i < parts->sources_count; i++) {
		struct source *source = parts->sources[i];
		struct stored_positions positions = { 0 };
		int status = 0;

		if (i < parts->positioned_count)
			status = store_positions(parts->store, source->host_id,
						 source->name, &positions, error);
		if (status == 0)
			status = source->ops->start(source, &positions, error);
		stored_positions_deinit(&positions);
		if (status < 0)
			return error_prefix(error, "source %s", source->name);
	}
	return 0;
}

void parts_stop_sources(struct parts *parts)
{
	for (size_t i = parts->sources_count; i-- > 0;)
		parts->sources[i]->ops->stop(parts->sources[i]);
}

void parts_free(struct parts *parts)
{
	api_free(&parts->api);
	rule_shelf_rest(parts->rule_shelf);
	query_workers_free(&parts->workers);
	words_cache_free(&parts->words);
	block_cache_free(&parts->blocks);
	upkeep_free(&parts->upkeep);
	follower_free(&parts->follower);
	gone_files_free(&parts->gone_files);
	idle_clock_free(&parts->idle_clock);
	notify_free(&parts->notify);
	keyring_free(&parts->keyring);
	flows_free(&parts->flows);
	/* the spool's own source goes with the spool */
	for (size_t i = parts->sources_count; i-- > 1;)
		parts->sources[i]->ops->free(&parts->sources[i]);
	/* before the pool: an upload that becomes durable only now asks it for a count
	 */
	spool_close(&parts->spool);
	positions_free(&parts->positions);
	pg_pool_free(&parts->pool);
	http_tally_free(&parts->tally);
	mem_free(parts->sources);
	lanes_free(&parts->lanes);
	learners_free(&parts->learners);
	rule_shelf_free(&parts->rule_shelf);
	rules_free(&parts->rules);
	store_stop(&parts->store);
	if (parts->state_dir_fd > 0)
		(void)close(parts->state_dir_fd); /* nothing was written */
}
