/* sift_groups.c - summing records by template
 *
 * The sparkline needs no timestamps: it cuts the input into equal runs of records. Its
 * run doubles whenever the records no longer fit, and a row that was not touched since
 * catches up when it is touched, or folded.
 */
#include "daemon/sift_groups.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/table.h"

#define SAMPLE_MAX 1024

struct row {
	struct sift_group group;
	unsigned doublings; /* of the run, that its sparkline has seen */
};

struct sift_groups {
	struct learner *learner;
	struct arena arena;
	struct table index;
	struct row *rows;
	size_t count, capacity;
	struct row other; /* what was dropped from rows */
	uint64_t records;
	uint64_t run; /* records of one column of the sparkline */
	unsigned doublings;
};

struct sift_groups *sift_groups_new(struct learner *learner)
{
	struct sift_groups *groups = mem_calloc(1, sizeof(*groups));

	groups->learner = learner;
	groups->run = 1;
	groups->other.group.first_us = TIMESTAMP_NONE;
	groups->other.group.last_us = TIMESTAMP_NONE;
	groups->other.group.first_line = UINT64_MAX;
	return groups;
}

void sift_groups_free(struct sift_groups **groups)
{
	if (*groups == NULL)
		return;
	arena_deinit(&(*groups)->arena);
	table_deinit(&(*groups)->index);
	mem_free((*groups)->rows);
	mem_free(*groups);
	*groups = NULL;
}

static void halve_spark(uint64_t spark[SIFT_SPARK])
{
	for (size_t i = 0; i < SIFT_SPARK; i++) {
		uint64_t sum = 0;

		if (2 * i < SIFT_SPARK)
			sum = spark[2 * i] + spark[2 * i + 1];
		spark[i] = sum;
	}
}

static void catch_up(const struct sift_groups *groups, struct row *row)
{
	for (; row->doublings < groups->doublings; row->doublings++)
		halve_spark(row->group.spark);
}

static void widen(struct sift_group *group, int64_t first_us, int64_t last_us)
{
	if (first_us == TIMESTAMP_NONE)
		return;
	if (group->first_us == TIMESTAMP_NONE || first_us < group->first_us)
		group->first_us = first_us;
	if (group->last_us == TIMESTAMP_NONE || last_us > group->last_us)
		group->last_us = last_us;
}

double sift_groups_weight(const uint64_t levels[SEVERITY_COUNT])
{
	double weight = 0;

	for (size_t i = 0; i < SEVERITY_COUNT; i++) {
		double factor = 1;

		if (i == SEVERITY_WARN)
			factor = 3;
		else if (i == SEVERITY_ERROR)
			factor = 10;
		else if (i == SEVERITY_CRITICAL)
			factor = 30;
		weight += factor * (double)levels[i];
	}
	return weight;
}

static void add_row(struct sift_group *to, const struct sift_group *from)
{
	to->count += from->count;
	to->templates += from->templates;
	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		to->levels[i] += from->levels[i];
	for (size_t i = 0; i < SIFT_SPARK; i++)
		to->spark[i] += from->spark[i];
	widen(to, from->first_us, from->last_us);
	if (from->first_line < to->first_line) {
		to->first_line = from->first_line;
		to->sample = from->sample;
	}
	if (to->service.ptr == NULL)
		to->service = from->service;
}

static int by_weight(const void *a, const void *b)
{
	const struct sift_group *left = a;
	const struct sift_group *right = b;

	if (left->weight != right->weight)
		return left->weight > right->weight ? -1 : 1;
	return left->first_line < right->first_line ? -1 : 1;
}

struct sift_group *sift_groups_fold(struct sift_groups *groups, size_t *count)
{
	struct sift_group *folded = mem_calloc(groups->count, sizeof(*folded));
	struct table roots = { 0 };
	size_t used = 0;

	for (size_t i = 0; i < groups->count; i++) {
		struct row *row = &groups->rows[i];
		uint64_t root = learner_root(groups->learner, row->group.root);
		bool added = false;
		uint64_t *place = table_put(&roots, root, &added);

		catch_up(groups, row);
		if (!added) {
			add_row(&folded[*place], &row->group);
			continue;
		}
		*place = used;
		folded[used] = row->group;
		folded[used++].root = root;
	}
	for (size_t i = 0; i < used; i++)
		folded[i].weight = sift_groups_weight(folded[i].levels);
	if (used > 1)
		qsort(folded, used, sizeof(*folded), by_weight);
	table_deinit(&roots);
	*count = used;
	return folded;
}

/* rows become whole groups, which can no longer part; when that is not enough, the
 * lighter half goes */
static void make_room(struct sift_groups *groups)
{
	size_t count = 0;
	struct sift_group *folded = sift_groups_fold(groups, &count);
	struct arena kept = { 0 };
	size_t keep = count < SIFT_TEMPLATES_MAX / 2 ? count : SIFT_TEMPLATES_MAX / 2;

	catch_up(groups, &groups->other);
	for (size_t i = keep; i < count; i++)
		add_row(&groups->other.group, &folded[i]);
	table_clear(&groups->index);
	for (size_t i = 0; i < keep; i++) {
		struct sift_group *group = &folded[i];

		group->sample = arena_dup(&kept, group->sample);
		if (group->service.ptr != NULL)
			group->service = arena_dup(&kept, group->service);
		groups->rows[i] = (struct row){ *group, groups->doublings };
		*table_put(&groups->index, group->root, NULL) = i;
	}
	groups->count = keep;
	groups->other.group.sample = SLICE("");
	groups->other.group.service = (struct slice){ 0 };
	arena_deinit(&groups->arena);
	groups->arena = kept;
	mem_free(folded);
}

static struct row *row_of(struct sift_groups *groups, uint64_t template_key,
			  const struct record *record, uint64_t line)
{
	bool added = false;
	uint64_t *place = NULL;
	struct row *row = NULL;

	if (groups->count >= SIFT_TEMPLATES_MAX &&
	    table_get(&groups->index, template_key) == NULL)
		make_room(groups);
	place = table_put(&groups->index, template_key, &added);
	if (!added)
		return &groups->rows[*place];
	mem_grow(&groups->rows, &groups->capacity, groups->count,
		 sizeof(*groups->rows));
	*place = groups->count;
	row = &groups->rows[groups->count++];
	*row = (struct row){ .doublings = groups->doublings };
	row->group = (struct sift_group){
		.root = template_key,
		.first_line = line,
		.first_us = TIMESTAMP_NONE,
		.last_us = TIMESTAMP_NONE,
		.templates = 1,
		.sample =
			arena_dup(&groups->arena, slice_head(record->raw, SAMPLE_MAX)),
	};
	return row;
}

void sift_groups_add(struct sift_groups *groups, uint64_t template_key,
		     const struct record *record, uint64_t line)
{
	struct row *row = row_of(groups, template_key, record, line);
	struct sift_group *group = &row->group;

	if (groups->records == groups->run * SIFT_SPARK) {
		groups->run *= 2;
		groups->doublings++;
	}
	catch_up(groups, row);
	group->spark[groups->records / groups->run]++;
	groups->records++;
	group->count++;
	group->levels[record->severity]++;
	widen(group, record->timestamp_us, record->timestamp_us);
	if (group->service.ptr == NULL && record->service_name.ptr != NULL)
		group->service = arena_dup(&groups->arena, record->service_name);
}

const struct sift_group *sift_groups_other(struct sift_groups *groups)
{
	catch_up(groups, &groups->other);
	return &groups->other.group;
}

size_t sift_groups_spark_used(const struct sift_groups *groups)
{
	return (size_t)((groups->records + groups->run - 1) / groups->run);
}
