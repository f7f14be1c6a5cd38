/* flush_batch.c - building batches without a pipeline */
#include "flush_batch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"

struct batch *flush_batch_new(struct flush_batch_origin *origin)
{
	struct batch *batch = batch_new(0, 1);

	mem_grow(&batch->streams, &batch->streams_capacity, 0, sizeof(*batch->streams));
	batch->streams_count = 1;
	batch->streams[0] = (struct batch_stream){
		.info = origin->info,
		.stream = 1,
		.is_new = !origin->known,
		.from = { .offset = origin->position },
		.to = { .offset = origin->position + 100 },
	};
	origin->position += 100;
	origin->known = true;
	return batch;
}

static struct slice raw_of(struct batch *batch, uint32_t row)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "event %u of \xff this block", row);

	return arena_dup(&batch->arena, slice_of(text, (size_t)len));
}

/* another block of the template that came last */
static bool add_to_totals(struct batch *batch, uint64_t template_key, uint32_t count)
{
	struct batch_group *group = NULL;

	if (batch->groups_count == 0 ||
	    batch->groups[batch->groups_count - 1].template_key != template_key)
		return false;
	batch->counts[batch->counts_count - 1].count += count;
	group = &batch->groups[batch->groups_count - 1];
	group->count += count;
	group->latest_block++;
	group->latest_row = count - 1;
	return true;
}

static void add_totals(struct batch *batch, uint64_t template_key, uint32_t count)
{
	const struct batch_block *block = &batch->blocks[batch->blocks_count - 1];

	mem_grow(&batch->counts, &batch->counts_capacity, batch->counts_count,
		 sizeof(*batch->counts));
	batch->counts[batch->counts_count++] =
		(struct batch_count){ .project_id = block->project_id,
				      .ingestion_id = block->ingestion_id,
				      .template_key = template_key,
				      .minute = FLUSH_BATCH_US / 60000000,
				      .severity = SEVERITY_ERROR,
				      .service_name = SLICE("api"),
				      .count = count };
	mem_grow(&batch->groups, &batch->groups_capacity, batch->groups_count,
		 sizeof(*batch->groups));
	batch->groups[batch->groups_count++] =
		(struct batch_group){ .project_id = block->project_id,
				      .ingestion_id = block->ingestion_id,
				      .template_key = template_key,
				      .count = count,
				      .first_us = FLUSH_BATCH_US,
				      .last_us = FLUSH_BATCH_US + count - 1,
				      .latest_block = (uint32_t)batch->blocks_count - 1,
				      .latest_row = count - 1,
				      .latest_raw = raw_of(batch, count - 1) };
}

/* all blocks of these batches are of one ingestion */
static void add_sums(struct batch *batch, const struct flush_batch_origin *origin,
		     uint32_t records, uint64_t bytes)
{
	struct batch_stream *stream = &batch->streams[0];
	struct batch_sums *sums = arena_alloc(&batch->arena, sizeof(*sums));

	*sums = stream->sums_count > 0
			? stream->sums[0]
			: (struct batch_sums){ .project_id = origin->project_id,
					       .ingestion_id = origin->ingestion_id };
	sums->received_bytes += bytes;
	sums->stored_bytes += bytes;
	sums->stored_records += records;
	stream->sums = sums;
	stream->sums_count = 1;
}

void flush_batch_add_block(struct batch *batch, const struct flush_batch_origin *origin,
			   uint64_t template_key, uint32_t count)
{
	struct block_builder *builder = block_builder_new(1);
	struct batch_block *block = NULL;

	mem_grow(&batch->blocks, &batch->blocks_capacity, batch->blocks_count,
		 sizeof(*batch->blocks));
	block = &batch->blocks[batch->blocks_count++];
	*block = (struct batch_block){ .project_id = origin->project_id,
				       .ingestion_id = origin->ingestion_id,
				       .received_us = clock_now_us() };
	for (uint32_t i = 0; i < count; i++) {
		struct block_event event = { .timestamp_us = FLUSH_BATCH_US + i,
					     .observed_timestamp_us = FLUSH_BATCH_US,
					     .severity = SEVERITY_ERROR,
					     .fingerprint = template_key,
					     .template_key = template_key,
					     .service_name = SLICE("api"),
					     .raw = raw_of(batch, i) };

		if (!block_builder_add(builder, &event))
			break;
	}
	block_builder_seal(builder, &block->encoded);
	block_builder_free(&builder);
	add_sums(batch, origin, count, block->encoded.raw_bytes);
	batch->events += count;
	batch->raw_bytes += block->encoded.raw_bytes;
	if (!add_to_totals(batch, template_key, count))
		add_totals(batch, template_key, count);
}

static struct learner_event *add_event(struct batch *batch, int64_t project_id)
{
	struct batch_learned *learned = NULL;

	mem_grow(&batch->learned, &batch->learned_capacity, batch->learned_count,
		 sizeof(*batch->learned));
	learned = &batch->learned[batch->learned_count++];
	*learned = (struct batch_learned){ .project_id = project_id, .count = 1 };
	learned->events = arena_alloc(&batch->arena, sizeof(*learned->events));
	return learned->events;
}

void flush_batch_add_template(struct batch *batch, int64_t project_id, uint64_t key,
			      uint64_t root)
{
	*add_event(batch, project_id) =
		(struct learner_event){ .type = LEARNER_TEMPLATE,
					.key = key,
					.root = root,
					.tokens = SLICE("tokens"),
					.text = SLICE("event <num> of \xff this block"),
					.sample = SLICE("event 1 of \xff this block"),
					.reason = SLICE("first of its kind") };
}

void flush_batch_add_merge(struct batch *batch, int64_t project_id, uint64_t kept,
			   uint64_t ended)
{
	*add_event(batch, project_id) =
		(struct learner_event){ .type = LEARNER_MERGE,
					.key = kept,
					.root = ended,
					.reason = SLICE("they differ in a number") };
}

void flush_batch_add_finding(struct batch *batch, const struct rule *rule,
			     const char *key)
{
	const struct batch_group *group = &batch->groups[batch->groups_count - 1];
	struct batch_finding *finding = NULL;
	uint32_t edge =
		group->count < EVIDENCE_EDGE ? (uint32_t)group->count : EVIDENCE_EDGE;
	/* an event stands at one edge; later batches have later ones */
	uint32_t tail = (uint32_t)group->count - edge < edge
				? (uint32_t)group->count - edge
				: edge;
	int64_t first_us =
		group->first_us + (int64_t)batch->streams[0].from.offset * 1000;

	mem_grow(&batch->findings, &batch->findings_capacity, batch->findings_count,
		 sizeof(*batch->findings));
	finding = &batch->findings[batch->findings_count++];
	*finding = (struct batch_finding){ .project_id = group->project_id,
					   .ingestion_id = group->ingestion_id,
					   .rule = rule,
					   .severity = rule->severity,
					   .key = slice_str(key),
					   .template_key = group->template_key,
					   .count = group->count,
					   .first_us = group->first_us,
					   .last_us = group->last_us,
					   .head_count = edge,
					   .tail_count = tail };
	for (uint32_t i = 0; i < edge; i++) {
		finding->head[i] = (struct batch_evidence){
			group->latest_block, i, first_us + i, raw_of(batch, i), { 0 }
		};
	}
	for (uint32_t i = 0; i < tail; i++) {
		uint32_t last = (uint32_t)group->count - tail + i;

		finding->tail[i] = (struct batch_evidence){ group->latest_block,
							    last,
							    first_us + last,
							    raw_of(batch, last),
							    { 0 } };
	}
}

void flush_batch_add_window(struct batch *batch, const struct rule *rule,
			    int64_t bucket, uint64_t count)
{
	const struct batch_block *block = &batch->blocks[0];

	mem_grow(&batch->windows, &batch->windows_capacity, batch->windows_count,
		 sizeof(*batch->windows));
	batch->windows[batch->windows_count++] =
		(struct batch_window){ .project_id = block->project_id,
				       .rule = rule,
				       .bucket_us = bucket * 10000000,
				       .bucket_width_us = 10000000,
				       .count = count };
}
