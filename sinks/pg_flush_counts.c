/* pg_flush_counts.c - parts of counts, and when they are added up */
#include "sinks/pg_flush_counts.h"

#include <assert.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

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
	bool full = counts->parts + 1 >= FLUSH_PARTS_MAX ||
		    counts->counts + plan->batch->counts_count > FLUSH_PARTS_COUNTS_MAX;

	plan->fold = have && (!busy || full);
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
		counts->counts = 0;
		return;
	}
	if (!plan->parts)
		return;
	counts->parts++;
	counts->counts += plan->batch->counts_count;
	for (size_t i = 0; i < plan->ingestions_count; i++)
		flush_counts_note(counts, plan->ingestions[i].project_id);
}

static int32_t minute_of(int64_t minute)
{
	if (minute > INT32_MAX)
		return INT32_MAX;
	return minute < INT32_MIN ? INT32_MIN : (int32_t)minute;
}

/* counts in order of ingestion, severity and service */
struct sorted {
	const struct batch_count *count;
};

static int compare_counts(const void *a, const void *b)
{
	const struct batch_count *x = ((const struct sorted *)a)->count;
	const struct batch_count *y = ((const struct sorted *)b)->count;

	if (x->project_id != y->project_id)
		return x->project_id < y->project_id ? -1 : 1;
	if (x->ingestion_id != y->ingestion_id)
		return x->ingestion_id < y->ingestion_id ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	return slice_compare(x->service_name, y->service_name);
}

static bool same_ingestion(const struct sorted *a, const struct sorted *b)
{
	return a->count->project_id == b->count->project_id &&
	       a->count->ingestion_id == b->count->ingestion_id;
}

/* There are few ingestions, severities and services, and many counts of each: which of
 * them a count belongs to is looked up by hash, so that only they are compared. */
struct kinds {
	struct table places;   /* hash -> index in firsts */
	struct sorted *firsts; /* one count of each kind */
	size_t *sizes;
	size_t count;
	size_t firsts_capacity;
	size_t sizes_capacity;
};

static uint64_t hash_of(const struct batch_count *count)
{
	uint64_t hash =
		hash64_mix((uint64_t)count->project_id, (uint64_t)count->ingestion_id);

	return hash64(count->service_name, hash64_mix(hash, (uint64_t)count->severity));
}

/* SIZE_MAX: two kinds have the same hash */
static size_t kind_of(struct kinds *kinds, const struct sorted *one)
{
	bool added = false;
	uint64_t *place = table_put(&kinds->places, hash_of(one->count), &added);

	if (added) {
		*place = kinds->count;
		mem_grow(&kinds->firsts, &kinds->firsts_capacity, kinds->count,
			 sizeof(*kinds->firsts));
		mem_grow(&kinds->sizes, &kinds->sizes_capacity, kinds->count,
			 sizeof(*kinds->sizes));
		kinds->firsts[kinds->count] = *one;
		kinds->sizes[kinds->count++] = 0;
	} else if (compare_counts(&kinds->firsts[*place], one) != 0) {
		return SIZE_MAX;
	}
	kinds->sizes[*place]++;
	return (size_t)*place;
}

/* the kinds in order, as they are in firsts; sizes become where the
 * first count of each goes */
static void order_kinds(struct kinds *kinds)
{
	size_t next = 0;

	assert(kinds->count > 0);
	qsort(kinds->firsts, kinds->count, sizeof(*kinds->firsts), compare_counts);
	for (size_t i = 0; i < kinds->count; i++) {
		uint64_t hash = hash_of(kinds->firsts[i].count);
		size_t kind = (size_t)*table_get(&kinds->places, hash);
		size_t size = kinds->sizes[kind];

		kinds->sizes[kind] = next;
		next += size;
	}
}

static void kinds_deinit(struct kinds *kinds)
{
	table_deinit(&kinds->places);
	mem_free(kinds->firsts);
	mem_free(kinds->sizes);
}

static void sort(struct sorted **counts, size_t count)
{
	struct sorted *ordered = mem_calloc(count, sizeof(*ordered));
	size_t *kind = mem_calloc(count, sizeof(*kind));
	struct kinds kinds = { 0 };
	bool unique = true;

	for (size_t i = 0; i < count && unique; i++) {
		kind[i] = kind_of(&kinds, &(*counts)[i]);
		unique = kind[i] != SIZE_MAX;
	}
	if (unique) {
		order_kinds(&kinds);
		for (size_t i = 0; i < count; i++)
			ordered[kinds.sizes[kind[i]]++] = (*counts)[i];
		mem_free(*counts);
		*counts = ordered;
	} else {
		qsort(*counts, count, sizeof(**counts), compare_counts);
		mem_free(ordered);
	}
	kinds_deinit(&kinds);
	mem_free(kind);
}

/* those of the range whose ingestions are there; the caller frees */
static struct sorted *sort_counts(const struct flush_plan *plan,
				  const struct flush_range *range, size_t *count)
{
	struct sorted *sorted = mem_calloc(range->count, sizeof(*sorted));

	*count = 0;
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_count *one = &plan->batch->counts[i];

		if (flush_plan_has_ingestion(plan, one->project_id, one->ingestion_id))
			sorted[(*count)++].count = one;
	}
	if (*count > 1)
		sort(&sorted, *count);
	return sorted;
}

/* counts of one ingestion as they are */
static void send_part(struct flush_sender *sender, const struct sorted *counts,
		      size_t count, size_t range)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT4, PG_INT2, PG_TEXT,
					      PG_INT4 };
	struct pg_array *arrays = sender->arrays;
	char project[8];
	char ingestion[8];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < count; i++) {
		const struct batch_count *one = counts[i].count;

		pg_array_uint8(&arrays[0], one->template_key);
		pg_array_int4(&arrays[1], minute_of(one->minute));
		pg_array_int2(&arrays[2], (int)one->severity);
		pg_array_text(&arrays[3], one->service_name, SERVICE_BYTES_MAX);
		pg_array_int4(&arrays[4], (int32_t)one->count);
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int8(project, counts[0].count->project_id));
	flush_param_add(sender, pg_int8(ingestion, counts[0].count->ingestion_id));
	flush_unit_send(sender, FLUSH_COUNT_PART, range);
}

/* of all times, by ingestion, severity and service */
static void send_totals(struct flush_sender *sender, const struct sorted *counts,
			size_t count, size_t range)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT2, PG_TEXT,
					      PG_INT8 };
	struct pg_array *arrays = sender->arrays;
	uint64_t sum = 0;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < count; i++) {
		const struct batch_count *one = counts[i].count;

		sum += one->count;
		if (i + 1 < count && compare_counts(&counts[i], &counts[i + 1]) == 0)
			continue;
		pg_array_int8(&arrays[0], one->project_id);
		pg_array_int8(&arrays[1], one->ingestion_id);
		pg_array_int2(&arrays[2], (int)one->severity);
		pg_array_text(&arrays[3], one->service_name, SERVICE_BYTES_MAX);
		pg_array_uint8(&arrays[4], sum);
		sum = 0;
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_COUNT_TOTALS, range);
}

static void send_parts(struct flush_sender *sender, const struct sorted *counts,
		       size_t count, size_t range)
{
	for (size_t first = 0, end = 0; first < count; first = end) {
		while (end < count && same_ingestion(&counts[first], &counts[end]))
			end++;
		send_part(sender, &counts[first], end - first, range);
	}
}

static void send_now(struct flush_sender *sender, const struct sorted *counts,
		     size_t count, size_t range)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT4, PG_INT8,
					      PG_INT2, PG_TEXT, PG_INT8 };
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < count; i++) {
		const struct batch_count *one = counts[i].count;

		pg_array_int8(&arrays[0], one->project_id);
		pg_array_int8(&arrays[1], one->ingestion_id);
		pg_array_int4(&arrays[2], minute_of(one->minute));
		pg_array_uint8(&arrays[3], one->template_key);
		pg_array_int2(&arrays[4], (int)one->severity);
		pg_array_text(&arrays[5], one->service_name, SERVICE_BYTES_MAX);
		pg_array_uint8(&arrays[6], one->count);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_COUNTS, range);
}

void flush_send_counts(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t range)
{
	size_t count = 0;
	struct sorted *counts = sort_counts(plan, &plan->ranges[range], &count);

	if (count > 0) {
		if (plan->parts)
			send_parts(sender, counts, count, range);
		else
			send_now(sender, counts, count, range);
		send_totals(sender, counts, count, range);
	}
	mem_free(counts);
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
