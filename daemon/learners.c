/* learners.c - a small table of learners behind a mutex */
#include "daemon/learners.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/table.h"

struct learners {
	struct learner_config config;
	pthread_mutex_t mutex;
	struct table index; /* project id -> place in items */
	struct learner **items;
	size_t count, capacity;
	struct learners_head *heads; /* of items */
	size_t heads_capacity;
};

struct learners *learners_new(const struct learner_config *config)
{
	struct learners *learners = mem_calloc(1, sizeof(*learners));

	learners->config = *config;
	pthread_mutex_init(&learners->mutex, NULL);
	return learners;
}

void learners_free(struct learners **learners_ptr)
{
	struct learners *learners = *learners_ptr;

	if (learners == NULL)
		return;
	for (size_t i = 0; i < learners->count; i++)
		learner_free(&learners->items[i]);
	mem_free(learners->items);
	mem_free(learners->heads);
	table_deinit(&learners->index);
	pthread_mutex_destroy(&learners->mutex);
	mem_free(learners);
	*learners_ptr = NULL;
}

struct learner *learners_get(struct learners *learners, int64_t project_id)
{
	struct learner *learner = NULL;
	uint64_t *place = NULL;
	bool added = false;

	pthread_mutex_lock(&learners->mutex);
	place = table_put(&learners->index, (uint64_t)project_id, &added);
	if (added) {
		mem_grow(&learners->items, &learners->capacity, learners->count,
			 sizeof(struct learner *));
		mem_grow(&learners->heads, &learners->heads_capacity, learners->count,
			 sizeof(*learners->heads));
		learners->heads[learners->count] =
			(struct learners_head){ .project_id = project_id };
		learners->items[learners->count] = learner_new(&learners->config);
		*place = learners->count++;
	}
	learner = learners->items[*place];
	pthread_mutex_unlock(&learners->mutex);
	return learner;
}

size_t learners_heads(struct learners *learners, size_t from, struct learners_head *out,
		      size_t max)
{
	size_t count = 0;

	pthread_mutex_lock(&learners->mutex);
	for (; count < max && from + count < learners->count; count++)
		out[count] = learners->heads[from + count];
	pthread_mutex_unlock(&learners->mutex);
	return count;
}

void learners_set_head(struct learners *learners, const struct learners_head *head)
{
	const uint64_t *place = NULL;

	(void)learners_get(learners, head->project_id); /* so that it has a place */
	pthread_mutex_lock(&learners->mutex);
	place = table_get(&learners->index, (uint64_t)head->project_id);
	if (head->ordinal > learners->heads[*place].ordinal)
		learners->heads[*place].ordinal = head->ordinal;
	pthread_mutex_unlock(&learners->mutex);
}

void learners_stats(struct learners *learners, struct learner_stats *out)
{
	*out = (struct learner_stats){ 0 };
	pthread_mutex_lock(&learners->mutex);
	for (size_t i = 0; i < learners->count; i++) {
		struct learner_stats stats = { 0 };

		learner_read_stats(learners->items[i], &stats);
		out->leaves += stats.leaves;
		out->generalised += stats.generalised;
		out->groups += stats.groups;
		out->buckets += stats.buckets;
		out->evicted += stats.evicted;
		out->passed += stats.passed;
		out->refused += stats.refused;
		out->free_text += stats.free_text;
		out->bytes += stats.bytes;
	}
	pthread_mutex_unlock(&learners->mutex);
}
