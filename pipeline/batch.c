/* batch.c - making and freeing batches */
#include "pipeline/batch.h"

#include "base/mem.h"

struct batch *batch_new(unsigned lane, uint64_t number)
{
	struct batch *batch = mem_calloc(1, sizeof(*batch));

	batch->lane = lane;
	batch->number = number;
	return batch;
}

void batch_free(struct batch **batch_ptr)
{
	struct batch *batch = *batch_ptr;

	if (batch == NULL)
		return;
	batch_settle(batch);
	for (size_t i = 0; i < batch->blocks_count; i++)
		block_encoded_deinit(&batch->blocks[i].encoded);
	mem_free(batch->streams);
	mem_free(batch->blocks);
	mem_free(batch->counts);
	mem_free(batch->groups);
	for (size_t i = 0; i < batch->findings_count; i++)
		runs_deinit(&batch->findings[i].runs);
	mem_free(batch->findings);
	for (size_t i = 0; i < batch->rules_count; i++)
		rules_free(&batch->rules[i]);
	mem_free(batch->rules);
	mem_free(batch->windows);
	mem_free(batch->values);
	mem_free(batch->variables);
	mem_free(batch->learned);
	table_deinit(&batch->counts_index);
	table_deinit(&batch->groups_index);
	table_deinit(&batch->findings_index);
	table_deinit(&batch->windows_index);
	table_deinit(&batch->values_index);
	table_deinit(&batch->variables_index);
	arena_deinit(&batch->arena);
	mem_free(batch);
	*batch_ptr = NULL;
}

void batch_settle(struct batch *batch)
{
	for (size_t i = 0; i < batch->blocks_count; i++) {
		struct batch_block *block = &batch->blocks[i];

		if (block->later == NULL)
			continue;
		block->encoded = *block->later;
		mem_free(block->later);
		block->later = NULL;
	}
}

size_t batch_weight(const struct batch *batch)
{
	size_t weight = sizeof(*batch) + arena_bytes(&batch->arena);

	for (size_t i = 0; i < batch->blocks_count; i++) {
		const struct block_encoded *encoded = &batch->blocks[i].encoded;

		weight += encoded->meta.len + encoded->body.len + encoded->words.len +
			  encoded->rare.len;
	}
	weight += batch->counts_count * sizeof(*batch->counts);
	weight += batch->groups_count * sizeof(*batch->groups);
	weight += batch->variables_capacity * sizeof(*batch->variables);
	return weight + batch->findings_count * sizeof(*batch->findings);
}
