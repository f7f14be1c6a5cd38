/* batch_build.c - summing and encoding the records of one batch
 *
 * Counts and groups are found through a hash index; since neighbours are alike, the
 * last place used for a leaf is kept beside its slot and tried first.
 */
#include "pipeline/batch_build.h"

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_extract.h"
#include "pipeline/findings.h"

#define LATEST_RAW_MAX 2048
/* block builders are large and kept for the next batch, unless there are many */
#define BUILDERS_KEPT 8
#define MINUTE_US INT64_C(60000000)

/* an ingestion's open block; the batch's block slot is reserved with its first event */
struct open_block {
	struct batch_origin origin;
	struct block_builder *builder;
	size_t slot;
	bool is_open;
};

struct slot_hint {
	uint64_t batch;
	uint32_t generation; /* of the classifier's slots */
	int64_t ingestion_id;
	uint32_t group;
	uint32_t count;
	uint64_t count_hash; /* of that count, if there is one */
	bool has_count;
	struct block_codes codes; /* of the last event; a guess */
};

struct batch_builder {
	unsigned lane;
	int zstd_level;
	const struct block_sealing *sealing; /* or NULL: then */
	struct block_extractor *extractor;
	uint64_t next_number;
	struct batch *batch;
	struct open_block *blocks;
	size_t blocks_count, blocks_capacity;
	struct slot_hint *hints;
	size_t hints_capacity;
};

struct batch_builder *batch_builder_new(unsigned lane, int zstd_level,
					const struct block_sealing *sealing)
{
	struct batch_builder *builder = mem_calloc(1, sizeof(*builder));

	builder->lane = lane;
	builder->zstd_level = zstd_level;
	builder->sealing = sealing;
	if (sealing == NULL)
		builder->extractor = block_extractor_new();
	builder->next_number = 1;
	return builder;
}

static void free_blocks(struct batch_builder *builder)
{
	for (size_t i = 0; i < builder->blocks_count; i++)
		block_builder_free(&builder->blocks[i].builder);
	builder->blocks_count = 0;
}

void batch_builder_free(struct batch_builder **builder)
{
	if (*builder == NULL)
		return;
	batch_builder_discard(*builder);
	block_extractor_free(&(*builder)->extractor);
	mem_free((*builder)->blocks);
	mem_free((*builder)->hints);
	mem_free(*builder);
	*builder = NULL;
}

void batch_builder_discard(struct batch_builder *builder)
{
	free_blocks(builder);
	batch_free(&builder->batch);
}

struct batch *batch_builder_open(struct batch_builder *builder, int64_t now_us)
{
	if (builder->batch == NULL) {
		builder->batch = batch_new(builder->lane, builder->next_number++);
		builder->batch->opened_us = now_us;
	}
	return builder->batch;
}

struct batch *batch_builder_current(const struct batch_builder *builder)
{
	return builder->batch;
}

static struct open_block *open_block_of(struct batch_builder *builder,
					struct batch_origin origin)
{
	struct open_block *block = NULL;

	for (size_t i = 0; i < builder->blocks_count; i++) {
		block = &builder->blocks[i];
		if (block->origin.ingestion_id == origin.ingestion_id)
			return block;
	}
	mem_grow(&builder->blocks, &builder->blocks_capacity, builder->blocks_count,
		 sizeof(*builder->blocks));
	block = &builder->blocks[builder->blocks_count++];
	*block = (struct open_block){ .origin = origin,
				      .builder =
					      block_builder_new(builder->zstd_level) };
	return block;
}

/* the block still holds its raw bytes: copies the latest event of each group that has
 * it here */
static void keep_latest(struct batch *batch, const struct open_block *block)
{
	for (size_t i = 0; i < batch->groups_count; i++) {
		struct batch_group *group = &batch->groups[i];
		struct slice raw = { 0 };

		if (group->latest_block != block->slot)
			continue;
		raw = slice_head(block_builder_raw(block->builder, group->latest_row),
				 LATEST_RAW_MAX);
		if (group->latest_space == NULL || group->latest_raw.len < raw.len)
			group->latest_space = arena_alloc(&batch->arena, raw.len);
		memcpy(group->latest_space, raw.ptr, raw.len);
		group->latest_raw = slice_of(group->latest_space, raw.len);
	}
}

static void seal_elsewhere(const struct batch_builder *builder,
			   struct open_block *block)
{
	const struct block_sealing *sealing = builder->sealing;
	struct batch_block *sealed = &builder->batch->blocks[block->slot];

	sealed->later = mem_calloc(1, sizeof(*sealed->later));
	block->builder = sealing->seal(sealing->context, block->builder, sealed->later);
	if (block->builder == NULL)
		block->builder = block_builder_new(builder->zstd_level);
}

static void seal_block(const struct batch_builder *builder, struct open_block *block)
{
	struct batch *batch = builder->batch;

	if (!block->is_open)
		return;
	keep_latest(batch, block);
	if (builder->sealing != NULL)
		seal_elsewhere(builder, block);
	else
		block_extractor_seal(builder->extractor, block->builder,
				     &batch->blocks[block->slot].encoded);
	block->is_open = false;
}

static void reserve_slot(struct batch *batch, struct open_block *block,
			 int64_t received_us)
{
	if (block->is_open)
		return;
	mem_grow(&batch->blocks, &batch->blocks_capacity, batch->blocks_count,
		 sizeof(*batch->blocks));
	block->slot = batch->blocks_count++;
	batch->blocks[block->slot] =
		(struct batch_block){ .project_id = block->origin.project_id,
				      .ingestion_id = block->origin.ingestion_id,
				      .received_us = received_us };
	block->is_open = true;
}

static struct slot_hint *hint_of(struct batch_builder *builder,
				 const struct classified *classified)
{
	if (classified->slot >= builder->hints_capacity) {
		size_t old = builder->hints_capacity;

		mem_grow(&builder->hints, &builder->hints_capacity, classified->slot,
			 sizeof(*builder->hints));
		memset(builder->hints + old, 0,
		       (builder->hints_capacity - old) * sizeof(*builder->hints));
	}
	return &builder->hints[classified->slot];
}

struct event_place {
	uint32_t block;
	uint32_t row;
};

static struct event_place add_to_block(struct batch_builder *builder,
				       const struct record *record,
				       const struct classified *classified,
				       struct batch_origin origin)
{
	struct open_block *block = open_block_of(builder, origin);
	struct block_codes *codes = &hint_of(builder, classified)->codes;
	const struct block_event event = {
		.timestamp_us = record->timestamp_us,
		.observed_timestamp_us = record->observed_timestamp_us,
		.severity = record->severity,
		.format = record->format,
		.fingerprint = classified->fingerprint,
		.template_key = classified->template_key,
		.service_name = record->service_name,
		.host_name = record->host_name,
		.extra = record->extra,
		.raw = record->raw,
	};

	if (!block_builder_guess(block->builder, &event, codes)) {
		seal_block(builder, block);
		/* an empty builder takes any event */
		(void)block_builder_guess(block->builder, &event, codes);
	}
	reserve_slot(builder->batch, block, record->observed_timestamp_us);
	return (struct event_place){ (uint32_t)block->slot,
				     block_builder_count(block->builder) - 1 };
}

static int64_t event_time(const struct record *record)
{
	return record->timestamp_us == TIMESTAMP_NONE ? record->observed_timestamp_us
						      : record->timestamp_us;
}

static int64_t floor_minute(int64_t time_us)
{
	int64_t minute = time_us / MINUTE_US;

	return time_us < 0 && time_us % MINUTE_US != 0 ? minute - 1 : minute;
}

static uint32_t group_place(struct batch *batch, uint64_t template_key,
			    struct batch_origin origin)
{
	uint64_t hash = hash64_mix(template_key, (uint64_t)origin.ingestion_id);
	bool added = false;
	uint64_t *place = table_put(&batch->groups_index, hash, &added);

	if (added) {
		mem_grow(&batch->groups, &batch->groups_capacity, batch->groups_count,
			 sizeof(*batch->groups));
		batch->groups[batch->groups_count] =
			(struct batch_group){ .project_id = origin.project_id,
					      .ingestion_id = origin.ingestion_id,
					      .template_key = template_key,
					      .first_us = INT64_MAX,
					      .last_us = INT64_MIN,
					      /* none yet */
					      .latest_block = UINT32_MAX };
		*place = batch->groups_count++;
	}
	return (uint32_t)*place;
}

static void add_to_group(struct batch_group *group, const struct record *record,
			 struct event_place place)
{
	int64_t time_us = event_time(record);

	group->count++;
	if (time_us < group->first_us)
		group->first_us = time_us;
	if (time_us > group->last_us)
		group->last_us = time_us;
	group->latest_block = place.block;
	group->latest_row = place.row;
}

/* names a count in the index: template, ingestion, minute, service, severity */
static uint64_t count_hash(const struct record *record,
			   const struct classified *classified,
			   struct batch_origin origin)
{
	uint64_t service =
		record->service_name.ptr == NULL ? 0 : hash64(record->service_name, 1);
	uint64_t hash =
		hash64_mix(classified->template_key, (uint64_t)origin.ingestion_id);

	hash = hash64_mix(hash, (uint64_t)floor_minute(event_time(record)));
	return hash64_mix(hash, service * SEVERITY_COUNT + (uint64_t)record->severity);
}

static uint32_t count_place(struct batch *batch, const struct record *record,
			    const struct classified *classified,
			    struct batch_origin origin, uint64_t hash)
{
	bool added = false;
	uint64_t *place = table_put(&batch->counts_index, hash, &added);
	struct batch_count *count = NULL;

	if (!added)
		return (uint32_t)*place;
	mem_grow(&batch->counts, &batch->counts_capacity, batch->counts_count,
		 sizeof(*batch->counts));
	count = &batch->counts[batch->counts_count];
	*count = (struct batch_count){
		.project_id = origin.project_id,
		.ingestion_id = origin.ingestion_id,
		.template_key = classified->template_key,
		.minute = floor_minute(event_time(record)),
		.severity = record->severity,
	};
	if (record->service_name.ptr != NULL)
		count->service_name = arena_dup(&batch->arena, record->service_name);
	*place = batch->counts_count++;
	return (uint32_t)*place;
}

/* the hint of the event's template; what it says of another batch is forgotten. The
 * place of a count that it does not know is fetched while the event is encoded. */
static struct slot_hint *prepare_hint(struct batch_builder *builder,
				      const struct classified *classified,
				      struct batch_origin origin, uint64_t hash)
{
	struct batch *batch = builder->batch;
	struct slot_hint *hint = hint_of(builder, classified);

	if (hint->batch != batch->number || hint->ingestion_id != origin.ingestion_id ||
	    hint->generation != classified->slots_generation) {
		*hint = (struct slot_hint){ .batch = batch->number,
					    .generation = classified->slots_generation,
					    .ingestion_id = origin.ingestion_id,
					    .codes = hint->codes };
		hint->group = group_place(batch, classified->template_key, origin);
	}
	if (!hint->has_count || hint->count_hash != hash) {
		hint->has_count = false;
		hint->count_hash = hash;
		table_prefetch(&batch->counts_index, hash);
	}
	return hint;
}

/* findings point into the rules, which may be replaced before they are stored */
static void share_rules(struct batch *batch, struct rules *rules)
{
	for (size_t i = batch->rules_count; i-- > 0;) {
		if (batch->rules[i] == rules)
			return;
	}
	mem_grow(&batch->rules, &batch->rules_capacity, batch->rules_count,
		 sizeof(struct rules *));
	batch->rules[batch->rules_count++] = rules_share(rules);
}

uint64_t batch_builder_add(struct batch_builder *builder, const struct record *record,
			   const struct classified *classified,
			   struct batch_origin origin)
{
	uint64_t hash = count_hash(record, classified, origin);
	struct slot_hint *hint = prepare_hint(builder, classified, origin, hash);
	struct event_place place = add_to_block(builder, record, classified, origin);
	struct batch_group *group = &builder->batch->groups[hint->group];

	if (!hint->has_count) {
		hint->count =
			count_place(builder->batch, record, classified, origin, hash);
		hint->has_count = true;
	}
	builder->batch->counts[hint->count].count++;
	add_to_group(group, record, place);
	builder->batch->events++;
	builder->batch->raw_bytes += record->raw.len;
	if (classified->matched != NULL) {
		const struct findings_event event = {
			.project_id = origin.project_id,
			.ingestion_id = origin.ingestion_id,
			.template_key = classified->template_key,
			.block = place.block,
			.row = place.row,
			.timestamp_us = event_time(record),
			.record = record,
		};

		share_rules(builder->batch, classified->rules);
		findings_add(builder->batch, &event, classified->matched,
			     classified->rules);
	}
	return group->count;
}

struct batch *batch_builder_seal(struct batch_builder *builder)
{
	struct batch *batch = builder->batch;

	for (size_t i = 0; i < builder->blocks_count; i++)
		seal_block(builder, &builder->blocks[i]);
	if (builder->blocks_count > BUILDERS_KEPT)
		free_blocks(builder);
	if (batch != NULL)
		findings_settle(batch);
	builder->batch = NULL;
	return batch;
}
