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

/* NULL: there are too many */
static struct batch_window *find_or_add(struct batch *batch,
					const struct batch_window *wanted)
{
	uint64_t hash = hash_of(wanted);
	uint64_t *place = NULL;
	struct batch_window *window = NULL;

	/* on a collision of hashes the next one of a fixed sequence is tried */
	while ((place = table_get(&batch->windows_index, hash)) != NULL) {
		window = &batch->windows[*place - 1];
		if (is_same(window, wanted))
			return window;
		hash = hash64_mix(hash, 1);
	}
	if (batch->windows_count == BATCH_WINDOWS_MAX)
		return NULL;
	mem_grow(&batch->windows, &batch->windows_capacity, batch->windows_count,
		 sizeof(*batch->windows));
	window = &batch->windows[batch->windows_count++];
	*window = *wanted;
	window->key = arena_dup(&batch->arena, wanted->key);
	*table_put(&batch->windows_index, hash, NULL) = batch->windows_count;
	return window;
}

static uint64_t value_of(const struct rule_window *window,
			 const struct window_event *event)
{
	const struct record *record = event->record;

	switch (window->field) {
	case RULE_FIELD_MESSAGE:
	case RULE_FIELD_TEMPLATE:
		return hash64(record->body, 1);
	case RULE_FIELD_SERVICE:
		return hash64(record->service_name, 1);
	case RULE_FIELD_HOST:
		return hash64(record->host_name, 1);
	case RULE_FIELD_LEVEL:
		return (uint64_t)record->severity;
	case RULE_FIELD_KIND:
		return record->format;
	case RULE_FIELD_ATTRIBUTE:
		return hash64(record_attribute(record, window->attribute), 1);
	case RULE_FIELD_GROUP:
		return event->template_key;
	}
	return 0;
}

/* false: there are too many */
static bool add_value(struct batch *batch, const struct batch_window *window,
		      uint64_t hash)
{
	size_t place = (size_t)(window - batch->windows);
	bool added = false;

	if (batch->values_count == BATCH_VALUES_MAX &&
	    table_get(&batch->values_index, hash64_mix(hash, place)) == NULL)
		return false;
	(void)table_put(&batch->values_index, hash64_mix(hash, place), &added);
	if (!added)
		return true;
	mem_grow(&batch->values, &batch->values_capacity, batch->values_count,
		 sizeof(*batch->values));
	batch->values[batch->values_count++] =
		(struct batch_value){ .window = place, .hash = hash };
	return true;
}

static void widen(int64_t *first_us, int64_t *last_us, int64_t moment_us)
{
	if (moment_us < *first_us)
		*first_us = moment_us;
	if (moment_us > *last_us)
		*last_us = moment_us;
}

void window_add(struct batch *batch, const struct window_event *event,
		const struct rule *rule, bool is_partner, struct slice key)
{
	int64_t width = window_bucket_width_us(&rule->window);
	const struct batch_window wanted = {
		.project_id = event->project_id,
		.rule = rule,
		.key = key,
		.bucket_us = rule->window.type == WINDOW_NEW_GROUP
				     ? WINDOW_EVER_US
				     : window_bucket_us(event->timestamp_us, width),
		.bucket_width_us = width,
		.first_us = INT64_MAX,
		.last_us = INT64_MIN,
		.then_first_us = INT64_MAX,
		.then_last_us = INT64_MIN,
	};
	struct batch_window *window = find_or_add(batch, &wanted);

	if (window == NULL ||
	    (rule->window.type == WINDOW_CARDINALITY &&
	     !add_value(batch, window, value_of(&rule->window, event)))) {
		batch->windows_dropped++;
		return;
	}
	if (!is_partner) {
		window->count++;
		widen(&window->first_us, &window->last_us, event->timestamp_us);
	} else if (rule->window.type == WINDOW_RATE_RATIO) {
		window->others++;
	} else {
		widen(&window->then_first_us, &window->then_last_us,
		      event->timestamp_us);
	}
}
