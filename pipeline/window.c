/* window.c - counting events into buckets */
#include "pipeline/window.h"

#include "base/hash64.h"
#include "base/mem.h"

int64_t window_bucket_width_us(const struct rule_window *window)
{
	int64_t width = window->span_us / WINDOW_BUCKETS;

	return width > 0 ? width : 1;
}

int64_t window_bucket_us(int64_t timestamp_us, int64_t width_us)
{
	int64_t rest = timestamp_us % width_us;

	if (rest < 0)
		rest += width_us;
	return timestamp_us - rest;
}

static bool is_same(const struct batch_window *a, const struct batch_window *b)
{
	return a->project_id == b->project_id && a->rule == b->rule &&
	       a->bucket_us == b->bucket_us && slice_equal(a->key, b->key);
}

static uint64_t hash_of(const struct batch_window *window)
{
	uint64_t hash = hash64(window->key, (uint64_t)window->project_id);

	hash = hash64_mix(hash, (uint64_t)(uintptr_t)window->rule);
	return hash64_mix(hash, (uint64_t)window->bucket_us);
}

void window_add(struct batch *batch, int64_t project_id, const struct rule *rule,
		struct slice key, int64_t timestamp_us)
{
	int64_t width = window_bucket_width_us(&rule->window);
	struct batch_window window = {
		.project_id = project_id,
		.rule = rule,
		.key = key,
		.bucket_us = window_bucket_us(timestamp_us, width),
		.bucket_width_us = width,
		.count = 1,
	};
	uint64_t hash = hash_of(&window);
	uint64_t *place = NULL;

	/* on a collision of hashes the next one of a fixed sequence is tried */
	while ((place = table_get(&batch->windows_index, hash)) != NULL) {
		struct batch_window *known = &batch->windows[*place - 1];

		if (is_same(known, &window)) {
			known->count++;
			return;
		}
		hash = hash64_mix(hash, 1);
	}
	if (batch->windows_count == BATCH_WINDOWS_MAX) {
		batch->windows_dropped++;
		return;
	}
	mem_grow(&batch->windows, &batch->windows_capacity, batch->windows_count,
		 sizeof(*batch->windows));
	window.key = arena_dup(&batch->arena, key);
	batch->windows[batch->windows_count++] = window;
	*table_put(&batch->windows_index, hash, NULL) = batch->windows_count;
}
