/* pg_flush_counts.c - parts of counts, and when they are added up */
#include "sinks/pg_flush_counts.h"

#include "base/compiler.h"
#include "base/mem.h"

/* longer names would not fit an index row */
#define SERVICE_BYTES_MAX 256

void flush_counts_deinit(struct flush_counts *counts)
{
	mem_free(counts->projects);
	*counts = (struct flush_counts){ 0 };
}

void flush_counts_note(struct flush_counts *counts, int64_t project_id)
{
	for (size_t i = 0; i < counts->projects_count; i++)
		if (counts->projects[i] == project_id)
			return;
	mem_grow(&counts->projects, &counts->projects_capacity, counts->projects_count,
		 sizeof(*counts->projects));
	counts->projects[counts->projects_count++] = project_id;
}

/* parts have narrower counts; more than that no batch counts, unless something is wrong
 */
static bool fit_part(const struct batch *batch)
{
	for (size_t i = 0; i < batch->counts_count; i++)
		if (batch->counts[i].count > INT32_MAX)
			return false;
	return true;
}

void flush_counts_decide(const struct flush_counts *counts, struct flush_plan *plan,
			 bool waiting)
{
	bool busy = waiting || plan->batch->more;
	bool have = counts->projects_count > 0;

	plan->fold = have && (!busy || counts->parts + 1 >= FLUSH_PARTS_MAX);
	plan->fold_projects = counts->projects;
	plan->fold_projects_count = plan->fold ? counts->projects_count : 0;
	plan->parts = (busy || have) && plan->batch->counts_count > 0 &&
		      fit_part(plan->batch);
}

void flush_counts_unsure(struct flush_plan *plan)
{
	plan->fold = false;
	plan->parts = true;
}

void flush_counts_committed(struct flush_counts *counts, const struct flush_plan *plan)
{
	if (plan->fold) {
		counts->projects_count = 0;
		counts->parts = 0;
		return;
	}
	if (!plan->parts)
		return;
	counts->parts++;
	for (size_t i = 0; i < plan->ingestions_count; i++)
		flush_counts_note(counts, plan->ingestions[i].project_id);
}

static int32_t minute_of(int64_t minute)
{
	if (minute > INT32_MAX)
		return INT32_MAX;
	return minute < INT32_MIN ? INT32_MIN : (int32_t)minute;
}

void flush_send_counts(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t range)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT4, PG_INT8,
					      PG_INT2, PG_TEXT, PG_INT8 };
	const struct flush_range *items = &plan->ranges[range];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = items->first; i < items->first + items->count; i++) {
		const struct batch_count *count = &plan->batch->counts[i];

		if (!flush_plan_has_ingestion(plan, count->project_id,
					      count->ingestion_id))
			continue;
		pg_array_int8(&arrays[0], count->project_id);
		pg_array_int8(&arrays[1], count->ingestion_id);
		pg_array_int4(&arrays[2], minute_of(count->minute));
		pg_array_uint8(&arrays[3], count->template_key);
		pg_array_int2(&arrays[4], (int)count->severity);
		pg_array_text(&arrays[5], count->service_name, SERVICE_BYTES_MAX);
		pg_array_uint8(&arrays[6], count->count);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, plan->parts ? FLUSH_COUNT_PARTS : FLUSH_COUNTS, range);
}

void flush_add_projects(struct flush_sender *sender, const struct flush_plan *plan)
{
	for (size_t i = 0; i < plan->projects_count; i++)
		pg_array_int8(&sender->arrays[0], plan->projects[i].id);
	for (size_t i = 0; i < plan->fold_projects_count; i++)
		pg_array_int8(&sender->arrays[0], plan->fold_projects[i]);
}

void flush_send_fold(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_INT8 };

	if (!plan->fold)
		return;
	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	flush_add_projects(sender, plan);
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_FOLD_COUNTS, SIZE_MAX);
}
