/* event_filter.c - matching decoded events */
#include "api/event_filter.h"

#include <stdlib.h>

#include "pipeline/block_extract.h"

struct event_filter event_filter_init(void)
{
	return (struct event_filter){ .limit = EVENT_FILTER_LIMIT_DEFAULT };
}

void event_filter_deinit(struct event_filter *filter)
{
	arena_deinit(&filter->arena);
	*filter = (struct event_filter){ 0 };
}

static struct slice copy_text(struct arena *arena, struct slice text)
{
	return text.ptr == NULL ? text : arena_dup(arena, text);
}

static const uint64_t *copy_keys(struct arena *arena, const uint64_t *keys,
				 size_t count)
{
	uint64_t *copy = arena_alloc(arena, (count + 1) * sizeof(*copy));

	if (count > 0)
		memcpy(copy, keys, count * sizeof(*copy));
	return copy;
}

void event_filter_copy(const struct event_filter *filter, struct event_filter *out)
{
	*out = *filter;
	out->arena = (struct arena){ 0 };
	out->service = copy_text(&out->arena, filter->service);
	out->host = copy_text(&out->arena, filter->host);
	out->text = copy_text(&out->arena, filter->text);
	out->template_keys = copy_keys(&out->arena, filter->template_keys,
				       filter->template_keys_count);
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static bool has_key(const struct event_filter *filter, uint64_t key)
{
	size_t low = 0;
	size_t high = filter->template_keys_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (filter->template_keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < filter->template_keys_count && filter->template_keys[low] == key;
}

void event_filter_add_keys(struct event_filter *filter, const uint64_t *keys,
			   size_t count)
{
	uint64_t *kept = arena_alloc(&filter->arena, (count + 1) * sizeof(*kept));
	size_t kept_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (!filter->by_template_key || has_key(filter, keys[i]))
			kept[kept_count++] = keys[i];
	}
	qsort(kept, kept_count, sizeof(*kept), compare_keys);
	filter->by_template_key = true;
	filter->template_keys = kept;
	filter->template_keys_count = kept_count;
}

static bool is_behind(const struct event_filter *filter, int64_t seq)
{
	if (filter->by_last && seq > filter->last)
		return false;
	if (!filter->by_seq)
		return true;
	return filter->oldest_first ? seq > filter->behind : seq < filter->behind;
}

static bool in_time(const struct event_filter *filter, const struct block_event *event)
{
	int64_t time_us = event->timestamp_us;

	if (time_us == TIMESTAMP_NONE && filter->or_observed)
		time_us = event->observed_timestamp_us;
	return time_us != TIMESTAMP_NONE && time_us >= filter->from_us &&
	       time_us <= filter->to_us;
}

static bool is_named(struct slice wanted, struct slice name)
{
	return wanted.ptr == NULL || (name.ptr != NULL && slice_equal(wanted, name));
}

bool event_filter_match_template(const struct event_filter *filter, uint64_t key)
{
	return !filter->by_template_key || has_key(filter, key);
}

bool event_filter_match_columns(const struct event_filter *filter, int64_t seq,
				const struct block_event *event)
{
	if (!is_behind(filter, seq))
		return false;
	if (filter->levels != 0 && (filter->levels >> event->severity & 1) == 0)
		return false;
	if (filter->by_time && !in_time(filter, event))
		return false;
	if (!event_filter_match_template(filter, event->template_key))
		return false;
	if (filter->service_none && event->service_name.ptr != NULL)
		return false;
	return is_named(filter->service, event->service_name) &&
	       is_named(filter->host, event->host_name);
}

void event_filter_set_text(struct event_filter *filter, struct slice text)
{
	filter->text = arena_dup(&filter->arena, text);
}

void event_filter_set_share(struct event_filter *filter, int64_t events, int64_t among)
{
	if (events <= 0 || among <= 0)
		return;
	filter->block_share = (double)events / (double)among * BLOCK_EVENTS_MAX;
	filter->is_dense =
		filter->text.len == 0 && filter->block_share > BLOCK_RARE_EVENTS;
}
