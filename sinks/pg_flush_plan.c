/* pg_flush_plan.c - the tables of a flush in memory */
#include "sinks/pg_flush_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* into how many a refused range is divided */
#define SPLIT_WAYS 16

static size_t find_project(const struct flush_plan *plan, int64_t id)
{
	for (size_t i = 0; i < plan->projects_count; i++)
		if (plan->projects[i].id == id)
			return i;
	return SIZE_MAX;
}

static struct flush_project *add_project(struct flush_plan *plan, int64_t id)
{
	size_t at = find_project(plan, id);

	if (at != SIZE_MAX)
		return &plan->projects[at];
	mem_grow(&plan->projects, &plan->projects_capacity, plan->projects_count,
		 sizeof(*plan->projects));
	plan->projects[plan->projects_count] = (struct flush_project){ .id = id };
	return &plan->projects[plan->projects_count++];
}

static size_t find_ingestion(const struct flush_plan *plan, int64_t project_id,
			     int64_t id)
{
	for (size_t i = 0; i < plan->ingestions_count; i++)
		if (plan->ingestions[i].id == id &&
		    plan->ingestions[i].project_id == project_id)
			return i;
	return SIZE_MAX;
}

static size_t add_ingestion(struct flush_plan *plan, int64_t project_id, int64_t id)
{
	size_t at = find_ingestion(plan, project_id, id);

	if (at != SIZE_MAX)
		return at;
	mem_grow(&plan->ingestions, &plan->ingestions_capacity, plan->ingestions_count,
		 sizeof(*plan->ingestions));
	plan->ingestions[plan->ingestions_count] =
		(struct flush_ingestion){ .project_id = project_id,
					  .id = id,
					  .timestamp_min_us = TIMESTAMP_NONE,
					  .timestamp_max_us = TIMESTAMP_NONE };
	return plan->ingestions_count++;
}

static void add_range(struct flush_plan *plan, enum flush_part part, size_t first,
		      size_t count)
{
	if (count == 0)
		return;
	mem_grow(&plan->ranges, &plan->ranges_capacity, plan->ranges_count,
		 sizeof(*plan->ranges));
	plan->ranges[plan->ranges_count++] =
		(struct flush_range){ .part = part, .first = first, .count = count };
}

static void add_block(struct flush_plan *plan, size_t index)
{
	const struct batch_block *block = &plan->batch->blocks[index];
	const struct block_encoded *encoded = &block->encoded;
	size_t at = add_ingestion(plan, block->project_id, block->ingestion_id);
	struct flush_ingestion *ingestion = &plan->ingestions[at];

	add_project(plan, block->project_id)->events += encoded->count;
	plan->blocks[index].ingestion = at;
	ingestion->events += encoded->count;
	ingestion->bytes += encoded->raw_bytes;
	ingestion->without_timestamp += encoded->without_timestamp;
	if (encoded->timestamp_min_us != TIMESTAMP_NONE) {
		if (ingestion->timestamp_min_us == TIMESTAMP_NONE ||
		    encoded->timestamp_min_us < ingestion->timestamp_min_us)
			ingestion->timestamp_min_us = encoded->timestamp_min_us;
		if (encoded->timestamp_max_us > ingestion->timestamp_max_us)
			ingestion->timestamp_max_us = encoded->timestamp_max_us;
	}
	add_range(plan, FLUSH_PART_BLOCKS, index, 1);
}

static int compare_projects(const void *a, const void *b)
{
	const struct flush_project *x = a;
	const struct flush_project *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* all projects whose rows the transaction locks, in one order for all flushes */
static void collect_projects(struct flush_plan *plan)
{
	const struct batch *batch = plan->batch;

	for (size_t i = 0; i < batch->learned_count; i++)
		(void)add_project(plan, batch->learned[i].project_id); /* for the row */
	for (size_t i = 0; i < batch->groups_count; i++)
		(void)add_project(plan, batch->groups[i].project_id);
	for (size_t i = 0; i < batch->findings_count; i++)
		(void)add_project(plan, batch->findings[i].project_id);
	for (size_t i = 0; i < batch->windows_count; i++)
		(void)add_project(plan, batch->windows[i].project_id);
	if (plan->projects_count > 1)
		qsort(plan->projects, plan->projects_count, sizeof(*plan->projects),
		      compare_projects);
}

void flush_plan_init(struct flush_plan *plan, const struct batch *batch)
{
	*plan = (struct flush_plan){ .batch = batch };
	plan->blocks = mem_calloc(batch->blocks_count, sizeof(*plan->blocks));
	for (size_t i = 0; i < batch->learned_count; i++) {
		add_range(plan, FLUSH_PART_LEARNED, 0, batch->learned[i].count);
		if (batch->learned[i].count > 0)
			plan->ranges[plan->ranges_count - 1].list = i;
	}
	for (size_t i = 0; i < batch->blocks_count; i++)
		add_block(plan, i);
	add_range(plan, FLUSH_PART_COUNTS, 0, batch->counts_count);
	add_range(plan, FLUSH_PART_GROUPS, 0, batch->groups_count);
	add_range(plan, FLUSH_PART_FINDINGS, 0, batch->findings_count);
	add_range(plan, FLUSH_PART_WINDOWS, 0, batch->windows_count);
	add_range(plan, FLUSH_PART_VARIABLES, 0, batch->variables_count);
	collect_projects(plan);
}

void flush_plan_deinit(struct flush_plan *plan)
{
	mem_free(plan->projects);
	mem_free(plan->ingestions);
	mem_free(plan->blocks);
	mem_free(plan->ranges);
	*plan = (struct flush_plan){ 0 };
}

void flush_plan_restart(struct flush_plan *plan)
{
	for (size_t i = 0; i < plan->projects_count; i++)
		plan->projects[i].first_seq = 0;
	for (size_t i = 0; i < plan->ingestions_count; i++)
		plan->ingestions[i].exists = false;
}

void flush_plan_set_seq(struct flush_plan *plan, int64_t project_id, int64_t first_seq)
{
	size_t at = find_project(plan, project_id);

	if (at != SIZE_MAX)
		plan->projects[at].first_seq = first_seq;
}

void flush_plan_set_ingestion(struct flush_plan *plan, int64_t project_id, int64_t id)
{
	size_t at = find_ingestion(plan, project_id, id);

	if (at != SIZE_MAX)
		plan->ingestions[at].exists = true;
}

void flush_plan_number(struct flush_plan *plan)
{
	for (size_t i = 0; i < plan->projects_count; i++) {
		const struct flush_project *project = &plan->projects[i];
		int64_t seq = project->first_seq;

		for (size_t j = 0; j < plan->batch->blocks_count; j++) {
			const struct batch_block *block = &plan->batch->blocks[j];

			if (block->project_id != project->id)
				continue;
			plan->blocks[j].first_seq = seq;
			seq += block->encoded.count;
		}
	}
}

bool flush_plan_moves(const struct flush_plan *plan)
{
	const struct batch *batch = plan->batch;

	for (size_t i = 0; i < batch->streams_count; i++)
		if (position_compare(batch->streams[i].from, batch->streams[i].to) != 0)
			return true;
	return false;
}

bool flush_plan_has_project(const struct flush_plan *plan, int64_t project_id)
{
	size_t at = find_project(plan, project_id);

	return at != SIZE_MAX && plan->projects[at].first_seq > 0;
}

bool flush_plan_has_ingestion(const struct flush_plan *plan, int64_t project_id,
			      int64_t ingestion_id)
{
	size_t at = find_ingestion(plan, project_id, ingestion_id);

	return at != SIZE_MAX && plan->ingestions[at].exists;
}

bool flush_plan_has_block(const struct flush_plan *plan, size_t block)
{
	return !plan->blocks[block].excluded &&
	       plan->ingestions[plan->blocks[block].ingestion].exists;
}

int64_t flush_plan_seq(const struct flush_plan *plan, uint32_t block, uint32_t row)
{
	return plan->blocks[block].first_seq + row;
}

static void exclude(struct flush_plan *plan, struct flush_range *range,
		    const char *sqlstate, const char *reason)
{
	range->excluded = true;
	(void)snprintf(range->sqlstate, sizeof(range->sqlstate), "%s", sqlstate);
	(void)snprintf(range->reason, sizeof(range->reason), "%s", reason); /* cut */
	if (range->part == FLUSH_PART_BLOCKS)
		plan->blocks[range->first].excluded = true;
}

/* puts the pieces of a range in its place */
static void split(struct flush_plan *plan, size_t at)
{
	struct flush_range whole = plan->ranges[at];
	size_t pieces = whole.count < SPLIT_WAYS ? whole.count : SPLIT_WAYS;

	while (plan->ranges_capacity < plan->ranges_count + pieces)
		mem_grow(&plan->ranges, &plan->ranges_capacity, plan->ranges_capacity,
			 sizeof(*plan->ranges));
	memmove(&plan->ranges[at + pieces], &plan->ranges[at + 1],
		(plan->ranges_count - at - 1) * sizeof(*plan->ranges));
	plan->ranges_count += pieces - 1;
	for (size_t i = 0; i < pieces; i++) {
		size_t begin = whole.count * i / pieces;
		size_t end = whole.count * (i + 1) / pieces;

		plan->ranges[at + i] = whole;
		plan->ranges[at + i].first = whole.first + begin;
		plan->ranges[at + i].count = end - begin;
	}
}

void flush_plan_refuse(struct flush_plan *plan, size_t range, const char *sqlstate,
		       const char *reason)
{
	struct flush_range *refused = &plan->ranges[range];

	plan->splits++;
	if (refused->count == 1 || plan->splits > FLUSH_SPLITS_MAX)
		exclude(plan, refused, sqlstate, reason);
	else
		split(plan, range);
}

void flush_plan_loss(const struct flush_plan *plan, struct flush_loss *out)
{
	*out = (struct flush_loss){ 0 };
	for (size_t i = 0; i < plan->batch->blocks_count; i++) {
		const struct block_encoded *encoded = &plan->batch->blocks[i].encoded;

		if (!plan->ingestions[plan->blocks[i].ingestion].exists) {
			out->deleted_records += encoded->count;
			out->deleted_bytes += encoded->raw_bytes;
		} else if (plan->blocks[i].excluded) {
			out->quarantined_records += encoded->count;
			out->quarantined_bytes += encoded->raw_bytes;
		}
	}
}
