/* pipeline.c - streams, fronts, classifiers and the open batch of one lane */
#include "pipeline/pipeline.h"

#include "base/mem.h"
#include "base/table.h"
#include "pipeline/batch_build.h"
#include "pipeline/classify.h"
#include "pipeline/extra.h"
#include "pipeline/lane_projects.h"
#include "pipeline/lane_stream.h"
#include "pipeline/sample.h"
#include "pipeline/shape_cache.h"

#define LEARNED_MAX 512

struct pipeline {
	unsigned lane;
	struct pipeline_config config;
	struct pipeline_deps deps;
	struct shape_cache *shapes;
	struct table streams_index; /* stream id -> place in streams + 1 */
	struct lane_stream **streams;
	size_t streams_count, streams_capacity;
	struct lane_projects projects;
	struct batch_builder *builder;
	struct sampler *sampler;
	struct batch **sealed;
	size_t sealed_count, sealed_capacity;
	struct record record;
	struct buf extra;                         /* of the record */
	struct learner_event events[LEARNED_MAX]; /* on their way into a batch */
	int64_t stood_us;                         /* so far */
	struct pipeline_stats stats;
};

struct pipeline *pipeline_new(unsigned lane, const struct pipeline_config *config,
			      const struct pipeline_deps *deps)
{
	struct pipeline *pipeline = mem_calloc(1, sizeof(*pipeline));

	pipeline->lane = lane;
	pipeline->config = *config;
	pipeline->deps = *deps;
	lane_projects_init(&pipeline->projects, deps, config->templates_max);
	pipeline->sampler = sampler_new();
	pipeline->shapes = shape_cache_new(config->shapes_bytes);
	pipeline->config.front.shapes = pipeline->shapes;
	pipeline->builder = batch_builder_new(lane, config->zstd_level, deps->sealing);
	return pipeline;
}

void pipeline_reset(struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->streams_count; i++)
		lane_stream_free(&pipeline->streams[i]);
	pipeline->streams_count = 0;
	table_clear(&pipeline->streams_index);
	batch_builder_discard(pipeline->builder);
	for (size_t i = 0; i < pipeline->sealed_count; i++)
		batch_free(&pipeline->sealed[i]);
	pipeline->sealed_count = 0;
	for (size_t i = 0; i < pipeline->projects.count; i++)
		pipeline->projects.items[i].learned = 0;
}

void pipeline_free(struct pipeline **pipeline_ptr)
{
	struct pipeline *pipeline = *pipeline_ptr;

	if (pipeline == NULL)
		return;
	pipeline_reset(pipeline);
	lane_projects_deinit(&pipeline->projects);
	batch_builder_free(&pipeline->builder);
	sampler_free(&pipeline->sampler);
	shape_cache_free(&pipeline->shapes);
	buf_deinit(&pipeline->extra);
	table_deinit(&pipeline->streams_index);
	mem_free(pipeline->streams);
	mem_free(pipeline->sealed);
	mem_free(pipeline);
	*pipeline_ptr = NULL;
}

static struct lane_stream *stream_of(struct pipeline *pipeline, struct chunk *chunk)
{
	bool added = false;
	uint64_t *place = NULL;

	if (chunk->open == NULL) {
		place = table_get(&pipeline->streams_index, chunk->stream);
		return place == NULL ? NULL : pipeline->streams[*place];
	}
	place = table_put(&pipeline->streams_index, chunk->stream, &added);
	if (!added)
		return pipeline->streams[*place];
	mem_grow(&pipeline->streams, &pipeline->streams_capacity,
		 pipeline->streams_count, sizeof(struct lane_stream *));
	*place = pipeline->streams_count++;
	pipeline->streams[*place] = lane_stream_new(chunk->stream, chunk->open);
	chunk->open = NULL;
	return pipeline->streams[*place];
}

static void add_record(struct pipeline *pipeline, struct lane_stream *stream,
		       const struct substream *substream, uint64_t consumed_bytes,
		       int64_t now_us)
{
	struct lane_project *project =
		lane_projects_get(&pipeline->projects, substream->project_id);
	const struct batch_origin origin = { substream->project_id,
					     substream->ingestion_id };
	struct classified classified = { 0 };
	struct sample sample = { .learner = project->learner,
				 .project_id = project->id,
				 .record = &pipeline->record };
	struct batch *batch = NULL;
	struct stream_sums *sums = NULL;

	batch = batch_builder_open(pipeline->builder, now_us);
	classifier_run(project->classifier, &pipeline->record, &classified);
	pipeline->stats.cache_hits += classified.known;
	pipeline->stats.cache_misses += !classified.known;
	sample.nth = batch_builder_add(pipeline->builder, &pipeline->record,
				       &classified, origin);
	sample.template_key = classified.template_key;
	sampler_add(pipeline->sampler, batch, &sample);
	sums = lane_stream_sums(stream, substream->project_id, substream->ingestion_id);
	sums->since.stored_bytes += consumed_bytes;
	sums->since.stored_records++;
	pipeline->stats.records++;
}

static void take_records(struct pipeline *pipeline, struct lane_stream *stream,
			 const struct substream *substream, int64_t now_us)
{
	struct front_extent extent = { 0 };

	while (front_next(substream->front, &pipeline->record, &extent)) {
		pipeline->stats.cut_records += extent.cut;
		add_record(pipeline, stream, substream, extent.end - extent.begin,
			   now_us);
	}
}

/* the whole record that the same front will take next; empty: the next item is none */
static struct slice next_whole(const struct chunk *chunk, const struct chunk_item *item)
{
	const struct chunk_item *next = item + 1;

	if (next == chunk->items + chunk->items_count ||
	    (next->flags & (CHUNK_ITEM_WHOLE_RECORD | CHUNK_ITEM_DROPPED)) !=
		    CHUNK_ITEM_WHOLE_RECORD ||
	    next->substream != item->substream || (item->flags & CHUNK_ITEM_END) != 0)
		return (struct slice){ 0 };
	return slice_of(chunk->data + next->offset, next->len);
}

/* what its bytes say of the time comes first, then what the source knows */
static void feed_whole(struct pipeline *pipeline, const struct substream *substream,
		       const struct chunk *chunk, const struct chunk_item *item)
{
	struct slice bytes = slice_of(chunk->data + item->offset, item->len);
	struct slice extra = slice_of(bytes.ptr + bytes.len, item->extra_len);
	struct record *record = &pipeline->record;
	bool has_time = (item->flags & CHUNK_ITEM_TIMESTAMP) != 0;

	front_whole(substream->front, bytes, next_whole(chunk, item),
		    has_time ? item->timestamp_us : item->observed_timestamp_us,
		    record);
	record->observed_timestamp_us = item->observed_timestamp_us;
	if (has_time && record->timestamp_us == TIMESTAMP_NONE)
		record->timestamp_us = item->timestamp_us;
	if (extra.len > 0)
		extra_apply(extra, record, &pipeline->extra);
}

static void note_arrival(struct stream_sums *sums, const struct chunk_item *item)
{
	int64_t arrived_us = item->observed_timestamp_us;

	if (arrived_us != 0 &&
	    (sums->since.arrived_us == 0 || arrived_us < sums->since.arrived_us))
		sums->since.arrived_us = arrived_us;
}

static void feed_item(struct pipeline *pipeline, struct lane_stream *stream,
		      const struct chunk *chunk, const struct chunk_item *item,
		      int64_t now_us)
{
	struct slice bytes = slice_of(chunk->data + item->offset, item->len);
	struct substream *substream =
		lane_stream_substream(stream, item, &pipeline->config.front);
	struct stream_sums *sums = NULL;

	pipeline->stats.bytes += item->len;
	sums = lane_stream_sums(stream, item->project_id, item->ingestion_id);
	note_arrival(sums, item);
	sums->since.skipped_bytes += item->skipped;
	sums->read_bytes += item->len + item->skipped;
	if ((item->flags & CHUNK_ITEM_WHOLE_RECORD) != 0) {
		feed_whole(pipeline, substream, chunk, item);
		add_record(pipeline, stream, substream, item->len, now_us);
		pipeline->record.extra = (struct slice){ 0 };
	} else {
		substream_note_item(substream, item);
		substream->fed_at_us = now_us - pipeline->stood_us;
		front_feed(substream->front, bytes, item->observed_timestamp_us);
		take_records(pipeline, stream, substream, now_us);
	}
	if ((item->flags & CHUNK_ITEM_END) != 0) {
		front_finish(substream->front);
		take_records(pipeline, stream, substream, now_us);
		substream->finished = true;
	}
	stream->read = item->end;
}

static void drop_item(struct lane_stream *stream, const struct chunk_item *item)
{
	struct stream_sums *sums =
		lane_stream_sums(stream, item->project_id, item->ingestion_id);

	note_arrival(sums, item);
	sums->since.dropped.records[item->reason] += item->dropped;
	sums->since.dropped.bytes[item->reason] += item->skipped;
	sums->read_bytes += item->skipped;
	stream->read = item->end;
}

static void finish_stream(struct pipeline *pipeline, struct lane_stream *stream,
			  int64_t now_us)
{
	for (size_t i = 0; i < stream->substreams_count; i++) {
		struct substream *substream = &stream->substreams[i];

		front_finish(substream->front);
		take_records(pipeline, stream, substream, now_us);
		substream->finished = true;
	}
	stream->closed = true;
}

/* a batch that carries no event may still carry a position: gaps, empty frames */
static bool has_moved(const struct lane_stream *stream)
{
	struct position position = lane_stream_position(stream);

	return position_compare(position, stream->sealed) != 0 || !stream->stored;
}

static struct stream_info *copy_info(struct arena *arena,
				     const struct stream_info *info)
{
	struct stream_info *copy = arena_alloc(arena, sizeof(*copy));
	const char *const texts[] = { info->host_id, info->source, info->stream,
				      info->detail };
	char **const places[] = { &copy->host_id, &copy->source, &copy->stream,
				  &copy->detail };

	*copy = (struct stream_info){ .begin = info->begin };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t size = strlen(texts[i]) + 1;

		*places[i] = arena_alloc(arena, size);
		memcpy(*places[i], texts[i], size);
	}
	return copy;
}

static void seal_stream(struct batch *batch, struct lane_stream *stream)
{
	struct position to = lane_stream_position(stream);
	struct batch_stream *sealed = NULL;

	if (!has_moved(stream))
		return;
	mem_grow(&batch->streams, &batch->streams_capacity, batch->streams_count,
		 sizeof(*batch->streams));
	sealed = &batch->streams[batch->streams_count++];
	*sealed = (struct batch_stream){
		.info = copy_info(&batch->arena, stream->info),
		.stream = stream->id,
		.is_new = !stream->stored,
		.from = stream->sealed,
		.to = to,
	};
	lane_stream_seal_sums(stream, &batch->arena, sealed);
	stream->stored = true;
	stream->sealed = to;
}

/* one piece of what the learner learned since our last batch; false: that was all */
static bool seal_learned_piece(struct pipeline *pipeline, struct batch *batch,
			       struct lane_project *project)
{
	struct learner_event *events = pipeline->events;
	size_t count = learner_events(project->learner, project->learned, &batch->arena,
				      events, LEARNED_MAX);
	struct learner_event *kept = NULL;

	if (count == 0)
		return false;
	kept = arena_alloc(&batch->arena, count * sizeof(*kept));
	memcpy(kept, events, count * sizeof(*kept));
	/* a template that has joined an older group meanwhile is stored there at once,
	 * and the store has no merge to do */
	for (size_t i = 0; i < count; i++) {
		if (kept[i].type == LEARNER_TEMPLATE)
			kept[i].root = learner_root(project->learner, kept[i].key);
	}
	project->learned = events[count - 1].number;
	mem_grow(&batch->learned, &batch->learned_capacity, batch->learned_count,
		 sizeof(*batch->learned));
	batch->learned[batch->learned_count++] =
		(struct batch_learned){ .project_id = project->id,
					.up_to = project->learned,
					.events = kept,
					.count = count };
	return count == LEARNED_MAX;
}

static void sweep_streams(struct pipeline *pipeline)
{
	size_t kept = 0;

	for (size_t i = 0; i < pipeline->streams_count; i++) {
		struct lane_stream *stream = pipeline->streams[i];

		if (stream->closed) {
			table_remove(&pipeline->streams_index, stream->id);
			lane_stream_free(&stream);
			continue;
		}
		pipeline->streams[kept] = stream;
		*table_put(&pipeline->streams_index, stream->id, NULL) = kept++;
	}
	pipeline->streams_count = kept;
}

void pipeline_seal(struct pipeline *pipeline)
{
	struct batch *batch = batch_builder_current(pipeline->builder);
	bool worth = batch != NULL && batch->events > 0;

	for (size_t i = 0; i < pipeline->streams_count && !worth; i++)
		worth = has_moved(pipeline->streams[i]);
	if (!worth) {
		batch_builder_discard(pipeline->builder);
		return;
	}
	(void)batch_builder_open(pipeline->builder, 0);
	batch = batch_builder_seal(pipeline->builder);
	for (size_t i = 0; i < pipeline->streams_count; i++)
		seal_stream(batch, pipeline->streams[i]);
	for (size_t i = 0; i < pipeline->projects.count; i++)
		while (seal_learned_piece(pipeline, batch,
					  &pipeline->projects.items[i]))
			;
	sweep_streams(pipeline);
	mem_grow(&pipeline->sealed, &pipeline->sealed_capacity, pipeline->sealed_count,
		 sizeof(struct batch *));
	pipeline->sealed[pipeline->sealed_count++] = batch;
	pipeline->stats.batches++;
	pipeline->stats.windows_dropped += batch->windows_dropped;
}

/* what a known shape did not answer for is a miss as well */
static void note_shapes(struct pipeline *pipeline)
{
	const struct shape_stats *shapes = shape_cache_stats(pipeline->shapes);

	pipeline->stats.shape_hits = shapes->hits;
	pipeline->stats.shape_misses = shapes->misses + shapes->stamps_differ;
	pipeline->stats.shape_evictions = shapes->evicted;
}

static void seal_if_full(struct pipeline *pipeline)
{
	const struct batch *batch = batch_builder_current(pipeline->builder);

	if (batch != NULL && (batch->events >= pipeline->config.batch_events_max ||
			      batch->raw_bytes >= pipeline->config.batch_bytes_max))
		pipeline_seal(pipeline);
}

void pipeline_feed(struct pipeline *pipeline, struct chunk *chunk, int64_t now_us)
{
	struct lane_stream *stream = stream_of(pipeline, chunk);
	bool seal = false;

	lane_projects_follow(&pipeline->projects);
	if (stream == NULL) {
		pipeline->stats.unknown_stream_chunks++;
		chunk_free(&chunk);
		return;
	}
	if (chunk->detail != NULL)
		lane_stream_set_detail(stream, &chunk->detail);
	/* a position alone is worth a batch too, once it is old enough */
	(void)batch_builder_open(pipeline->builder, now_us);
	for (size_t i = 0; i < chunk->items_count; i++) {
		const struct chunk_item *item = &chunk->items[i];

		if ((item->flags & CHUNK_ITEM_DROPPED) != 0)
			drop_item(stream, item);
		else
			feed_item(pipeline, stream, chunk, item, now_us);
	}
	if (chunk->last)
		finish_stream(pipeline, stream, now_us);
	seal = chunk->seal;
	note_shapes(pipeline);
	lane_stream_sweep(stream);
	chunk_free(&chunk);
	if (seal)
		pipeline_seal(pipeline);
	else
		seal_if_full(pipeline);
}

/* true: a record is still open */
static bool close_idle_records(struct pipeline *pipeline, struct lane_stream *stream,
			       int64_t now_us)
{
	bool open = false;

	for (size_t i = 0; i < stream->substreams_count; i++) {
		struct substream *substream = &stream->substreams[i];

		if (front_open_bytes(substream->front) == 0)
			continue;
		if (now_us - pipeline->stood_us - substream->fed_at_us <
		    pipeline->config.record_close_us) {
			open = true;
			continue;
		}
		front_close_by_time(substream->front);
		pipeline->stats.closed_by_time++;
		take_records(pipeline, stream, substream, now_us);
	}
	return open;
}

void pipeline_stood(struct pipeline *pipeline, int64_t us)
{
	pipeline->stood_us += us;
}

void pipeline_tick(struct pipeline *pipeline, int64_t now_us, int64_t age_us)
{
	uint64_t closed = pipeline->stats.closed_by_time;
	const struct batch *batch = NULL;
	bool open = false;

	for (size_t i = 0; i < pipeline->streams_count; i++)
		open |= close_idle_records(pipeline, pipeline->streams[i], now_us);
	batch = batch_builder_current(pipeline->builder);
	if (age_us == PIPELINE_AGELESS || batch == NULL)
		return;
	/* what was closed by time has waited enough, and no other record is to come */
	if ((closed < pipeline->stats.closed_by_time && !open) ||
	    now_us - batch->opened_us >= age_us)
		pipeline_seal(pipeline);
}

struct batch *pipeline_take_batch(struct pipeline *pipeline)
{
	struct batch *batch = NULL;

	if (pipeline->sealed_count == 0)
		return NULL;
	batch = pipeline->sealed[0];
	pipeline->sealed_count--;
	memmove(pipeline->sealed, pipeline->sealed + 1,
		pipeline->sealed_count * sizeof(struct batch *));
	return batch;
}

const struct pipeline_stats *pipeline_stats(const struct pipeline *pipeline)
{
	return &pipeline->stats;
}
