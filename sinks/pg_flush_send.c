/* pg_flush_send.c - the guard, blocks, templates, counts and ledger of a flush */
#include "sinks/pg_flush_send.h"

#include "base/compiler.h"
#include "base/crash_point.h"
#include "sinks/pg_flush_counts.h"
#include "sinks/pg_flush_days.h"
#include "sinks/pg_flush_findings.h"
#include "sinks/pg_flush_positions.h"

#define REASON_BYTES_MAX 512
#define TEXT_BYTES_MAX 16384
#define SAMPLE_BYTES_MAX 4096
/* of a block that is kept in quarantine */
#define QUARANTINE_BYTES_MAX ((size_t)16 * 1024 * 1024)

static void send_learned(struct flush_sender *sender, const struct flush_plan *plan,
			 size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT2,  PG_INT8,
					      PG_INT8, PG_BOOL,  PG_BYTEA,
					      PG_TEXT, PG_BYTEA, PG_TEXT };
	const struct flush_range *range = &plan->ranges[at];
	const struct batch_learned *learned = &plan->batch->learned[range->list];
	struct pg_array *arrays = sender->arrays;
	char project[8];

	if (!flush_plan_has_project(plan, learned->project_id))
		return;
	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct learner_event *event = &learned->events[i];

		pg_array_int2(&arrays[1], event->type == LEARNER_MERGE);
		pg_array_uint8(&arrays[2], event->key);
		pg_array_uint8(&arrays[3], event->root);
		pg_array_bool(&arrays[4], event->generalised);
		pg_array_bytes(&arrays[5], event->tokens);
		pg_array_text(&arrays[6], event->text, TEXT_BYTES_MAX);
		pg_array_bytes(&arrays[7], slice_head(event->sample, SAMPLE_BYTES_MAX));
		pg_array_text(&arrays[8], event->reason, REASON_BYTES_MAX);
	}
	flush_arrays_end(sender);
	/* the first parameter is one value */
	sender->values[0] = pg_int8(project, learned->project_id).ptr;
	sender->lengths[0] = sizeof(project);
	flush_unit_send(sender, FLUSH_LEARN, at);
}

/* NULL and NULL: not counted */
static void add_hosts(struct flush_sender *sender, const struct block_encoded *encoded)
{
	struct pg_array *names = &sender->arrays[2];
	struct pg_array *counts = &sender->arrays[3];

	if (encoded->hosts == NULL) {
		flush_param_add(sender, slice_of(NULL, 0));
		flush_param_add(sender, slice_of(NULL, 0));
		return;
	}
	pg_array_begin(names, PG_BYTEA);
	pg_array_begin(counts, PG_INT4);
	for (size_t i = 0; i < encoded->hosts_count; i++) {
		const struct block_host *host = &encoded->hosts[i];

		pg_array_bytes(names, slice_of(encoded->host_names.data + host->offset,
					       host->len));
		pg_array_int4(counts, (int32_t)host->count);
	}
	flush_param_add(sender, pg_array_end(names));
	flush_param_add(sender, pg_array_end(counts));
}

static void send_block(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t at)
{
	size_t index = plan->ranges[at].first;
	const struct batch_block *block = &plan->batch->blocks[index];
	const struct block_encoded *encoded = &block->encoded;
	char places[9][8];

	if (!flush_plan_has_block(plan, index))
		return;
	pg_array_begin(&sender->arrays[0], PG_INT4);
	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		pg_array_int4(&sender->arrays[0], (int32_t)encoded->severities[i]);
	pg_array_begin(&sender->arrays[1], PG_INT8);
	for (size_t i = 0; i < encoded->template_keys_count; i++)
		pg_array_uint8(&sender->arrays[1], encoded->template_keys[i]);
	flush_param_add(sender, pg_int8(places[0], block->project_id));
	flush_param_add(sender, pg_int8(places[1], block->ingestion_id));
	flush_param_add(sender, pg_int8(places[2], plan->blocks[index].first_seq));
	flush_param_add(sender, pg_int4(places[3], (int32_t)encoded->count));
	flush_param_add(sender, pg_int4(places[4], flush_block_day(block)));
	flush_param_add(sender, pg_int8(places[5], encoded->timestamp_min_us));
	flush_param_add(sender, pg_int8(places[6], encoded->timestamp_max_us));
	flush_param_add(sender,
			pg_int4(places[7], (int32_t)encoded->without_timestamp));
	flush_param_add(sender, pg_int8(places[8], (int64_t)encoded->raw_bytes));
	flush_param_add(sender, pg_array_end(&sender->arrays[0]));
	flush_param_add(sender, pg_array_end(&sender->arrays[1]));
	flush_param_add(sender, buf_slice(&encoded->meta));
	flush_param_add(sender, buf_slice(&encoded->body));
	flush_param_add(sender, buf_slice(&encoded->words));
	flush_param_add(sender, buf_slice(&encoded->rare));
	add_hosts(sender, encoded);
	flush_unit_send(sender, FLUSH_BLOCK, at);
}

static void send_regressed(struct flush_sender *sender, const struct flush_plan *plan,
			   size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		pg_array_int8(&sender->arrays[0], plan->batch->groups[i].project_id);
		pg_array_uint8(&sender->arrays[1], plan->batch->groups[i].template_key);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_REGRESSED, at);
}

static void send_groups(struct flush_sender *sender, const struct flush_plan *plan,
			size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_BYTEA };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_group *group = &plan->batch->groups[i];

		if (!flush_plan_has_ingestion(plan, group->project_id,
					      group->ingestion_id))
			continue;
		pg_array_int8(&arrays[0], group->project_id);
		pg_array_int8(&arrays[1], group->ingestion_id);
		pg_array_uint8(&arrays[2], group->template_key);
		pg_array_uint8(&arrays[3], group->count);
		pg_array_int8(&arrays[4], group->first_us);
		pg_array_int8(&arrays[5], group->last_us);
		pg_array_int8(&arrays[6], flush_plan_seq(plan, group->latest_block,
							 group->latest_row));
		pg_array_bytes(&arrays[7],
			       slice_head(group->latest_raw, SAMPLE_BYTES_MAX));
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_GROUPS, at);
	send_regressed(sender, plan, at);
}

static const char *const part_names[] = {
	[FLUSH_PART_LEARNED] = "template",  [FLUSH_PART_BLOCKS] = "block",
	[FLUSH_PART_COUNTS] = "counts",     [FLUSH_PART_GROUPS] = "totals",
	[FLUSH_PART_FINDINGS] = "finding",  [FLUSH_PART_WINDOWS] = "window",
	[FLUSH_PART_VARIABLES] = "variable"
};

static void send_quarantined(struct flush_sender *sender, const struct flush_plan *plan,
			     size_t at)
{
	const struct flush_range *range = &plan->ranges[at];
	const struct batch_block *block = NULL;
	struct slice none = { NULL, 0 };
	bool with_bytes = false;
	char places[4][8];
	char rows[4];

	if (range->part == FLUSH_PART_BLOCKS)
		block = &plan->batch->blocks[range->first];
	with_bytes = block != NULL && !plan->plain &&
		     block->encoded.body.len <= QUARANTINE_BYTES_MAX;
	flush_param_add(sender,
			block == NULL ? none : pg_int8(places[0], block->project_id));
	flush_param_add(sender,
			block == NULL ? none : pg_int8(places[1], block->ingestion_id));
	flush_param_add(sender, slice_str(part_names[range->part]));
	flush_param_add(sender, slice_str(range->sqlstate));
	flush_param_add(sender, slice_str(range->reason));
	flush_param_add(sender,
			pg_int8(places[2], block == NULL ? 0 : block->encoded.count));
	flush_param_add(sender,
			pg_int8(places[3],
				block == NULL ? 0 : (int64_t)block->encoded.raw_bytes));
	flush_param_add(sender, with_bytes ? buf_slice(&block->encoded.meta) : none);
	flush_param_add(sender, with_bytes ? buf_slice(&block->encoded.body) : none);
	flush_unit_send(sender, FLUSH_QUARANTINE, SIZE_MAX);
	flush_param_add(sender, pg_int4(rows, FLUSH_QUARANTINE_ROWS));
	flush_unit_send(sender, FLUSH_TRIM_QUARANTINE, SIZE_MAX);
}

static void send_range(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t at)
{
	switch (plan->ranges[at].part) {
	case FLUSH_PART_LEARNED:
		send_learned(sender, plan, at);
		break;
	case FLUSH_PART_BLOCKS:
		send_block(sender, plan, at);
		break;
	case FLUSH_PART_COUNTS:
		flush_send_counts(sender, plan, at);
		break;
	case FLUSH_PART_GROUPS:
		send_groups(sender, plan, at);
		break;
	case FLUSH_PART_FINDINGS:
		flush_send_findings(sender, plan, at);
		break;
	case FLUSH_PART_WINDOWS:
		flush_send_windows(sender, plan, at);
		break;
	case FLUSH_PART_VARIABLES:
		flush_send_variables(sender, plan, at);
		break;
	}
}

bool flush_send_step(struct flush_sender *sender, const struct flush_plan *plan,
		     size_t step)
{
	if (step == 0)
		crash_point("flush.guarded");
	if (step < plan->ranges_count) {
		if (plan->ranges[step].excluded)
			send_quarantined(sender, plan, step);
		else
			send_range(sender, plan, step);
		return true;
	}
	flush_send_clock(sender, plan);
	flush_send_words(sender, plan);
	flush_send_fold(sender, plan);
	flush_send_ledger(sender, plan);
	return false;
}
