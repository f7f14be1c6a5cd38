/* window_log.c - buckets in the order they came, sorted when they are judged
 *
 * A bucket keeps its place in `buckets` until older ones are forgotten; the index and
 * the values of cardinality name it by that. `order` lists the places by series and
 * time, and is made again when something was added since.
 */
#include "pipeline/window_log.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"

struct logged {
	uint64_t series; /* hash of rule and key */
	struct window_bucket bucket;
};

struct logged_value {
	size_t place; /* of its bucket */
	int64_t hash;
};

struct window_log {
	struct logged *buckets;
	size_t count, capacity;
	struct table index; /* mix of series and time -> place */
	struct logged_value *values;
	size_t values_count, values_capacity;
	struct table values_index; /* mix of series, time and hash -> 1 */
	size_t *order;
	size_t order_capacity;
	bool ordered;
	/* of the series that is judged */
	struct window_bucket *series;
	size_t series_capacity;
	int64_t *series_values;
	size_t series_values_capacity;
};

struct window_log *window_log_new(void)
{
	return mem_calloc(1, sizeof(struct window_log));
}

void window_log_free(struct window_log **log_ptr)
{
	struct window_log *log = *log_ptr;

	if (log == NULL)
		return;
	table_deinit(&log->index);
	table_deinit(&log->values_index);
	mem_free(log->buckets);
	mem_free(log->values);
	mem_free(log->order);
	mem_free(log->series);
	mem_free(log->series_values);
	mem_free(log);
	*log_ptr = NULL;
}

static uint64_t series_of(const struct rule *rule, struct slice key)
{
	return hash64_mix(hash64(key, 0), (uint64_t)(uintptr_t)rule);
}

static uint64_t index_of(const struct logged *logged)
{
	return hash64_mix(logged->series, (uint64_t)logged->bucket.bucket_us);
}

bool window_log_fits(const struct window_log *log, const struct batch *batch)
{
	return log->count + batch->windows_count <= WINDOW_LOG_BUCKETS_MAX &&
	       log->values_count + batch->values_count <= WINDOW_LOG_VALUES_MAX;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* its place */
static size_t add_bucket(struct window_log *log, const struct batch_window *window)
{
	const struct logged added = {
		.series = series_of(window->rule, window->key),
		.bucket = { .bucket_us = window->bucket_us,
			    .first_us = INT64_MAX,
			    .last_us = INT64_MIN,
			    .then_first_us = INT64_MAX,
			    .then_last_us = INT64_MIN },
	};
	bool is_new = false;
	uint64_t *place = table_put(&log->index, index_of(&added), &is_new);
	struct window_bucket *bucket = NULL;

	if (is_new) {
		mem_grow(&log->buckets, &log->capacity, log->count,
			 sizeof(*log->buckets));
		log->buckets[log->count] = added;
		*place = log->count++;
	}
	bucket = &log->buckets[*place].bucket;
	bucket->count += window->count;
	bucket->others += window->others;
	bucket->first_us = least(bucket->first_us, window->first_us);
	bucket->last_us = greatest(bucket->last_us, window->last_us);
	bucket->then_first_us = least(bucket->then_first_us, window->then_first_us);
	bucket->then_last_us = greatest(bucket->then_last_us, window->then_last_us);
	return *place;
}

static void add_value(struct window_log *log, size_t place, uint64_t hash)
{
	bool is_new = false;

	(void)table_put(&log->values_index,
			hash64_mix(index_of(&log->buckets[place]), hash),
			&is_new); /* being there says it */
	if (!is_new)
		return;
	mem_grow(&log->values, &log->values_capacity, log->values_count,
		 sizeof(*log->values));
	log->values[log->values_count++] =
		(struct logged_value){ .place = place, .hash = (int64_t)hash };
}

void window_log_absorb(struct window_log *log, const struct batch *batch)
{
	size_t *places = mem_calloc(batch->windows_count, sizeof(*places));

	assert(window_log_fits(log, batch));
	for (size_t i = 0; i < batch->windows_count; i++)
		places[i] = add_bucket(log, &batch->windows[i]);
	for (size_t i = 0; i < batch->values_count; i++)
		add_value(log, places[batch->values[i].window], batch->values[i].hash);
	log->ordered = log->ordered && batch->windows_count == 0;
	mem_free(places);
}

static int compare_times(const void *a, const void *b)
{
	const struct logged *left = a;
	const struct logged *right = b;

	return (left->bucket.bucket_us > right->bucket.bucket_us) -
	       (left->bucket.bucket_us < right->bucket.bucket_us);
}

/* the time from which on half of the buckets begin */
static int64_t middle_of(const struct window_log *log)
{
	struct logged *sorted = mem_calloc(log->count, sizeof(*sorted));
	int64_t middle = 0;

	memcpy(sorted, log->buckets, log->count * sizeof(*sorted));
	qsort(sorted, log->count, sizeof(*sorted), compare_times);
	middle = sorted[log->count / 2].bucket.bucket_us;
	mem_free(sorted);
	return middle;
}

void window_log_forget_older_half(struct window_log *log)
{
	size_t *moved = mem_calloc(log->count, sizeof(*moved));
	size_t values = log->values_count;
	size_t kept = 0;
	int64_t from_us = log->count > 0 ? middle_of(log) : 0;

	table_clear(&log->index);
	table_clear(&log->values_index);
	for (size_t i = 0; i < log->count; i++) {
		moved[i] = SIZE_MAX;
		/* of equal times too no more than half stay */
		if (log->buckets[i].bucket.bucket_us < from_us ||
		    kept >= log->count - log->count / 2)
			continue;
		moved[i] = kept;
		log->buckets[kept] = log->buckets[i];
		*table_put(&log->index, index_of(&log->buckets[kept]), NULL) = kept;
		kept++;
	}
	log->count = kept;
	log->values_count = 0;
	for (size_t i = 0; i < values; i++) {
		if (moved[log->values[i].place] != SIZE_MAX)
			add_value(log, moved[log->values[i].place],
				  (uint64_t)log->values[i].hash);
	}
	log->ordered = false;
	mem_free(moved);
}

static int compare_logged(const void *a, const void *b, void *context)
{
	const struct window_log *log = context;
	const struct logged *left = &log->buckets[*(const size_t *)a];
	const struct logged *right = &log->buckets[*(const size_t *)b];

	if (left->series != right->series)
		return left->series < right->series ? -1 : 1;
	return compare_times(left, right);
}

static int compare_logged_values(const void *a, const void *b)
{
	const struct logged_value *left = a;
	const struct logged_value *right = b;

	if (left->place != right->place)
		return left->place < right->place ? -1 : 1;
	return (left->hash > right->hash) - (left->hash < right->hash);
}

static void put_in_order(struct window_log *log)
{
	if (log->ordered)
		return;
	if (log->order_capacity < log->count) {
		mem_free(log->order);
		log->order = mem_calloc(log->count, sizeof(*log->order));
		log->order_capacity = log->count;
	}
	for (size_t i = 0; i < log->count; i++)
		log->order[i] = i;
	if (log->count > 1)
		qsort_r(log->order, log->count, sizeof(*log->order), compare_logged,
			log);
	if (log->values_count > 1)
		qsort(log->values, log->values_count, sizeof(*log->values),
		      compare_logged_values);
	log->ordered = true;
}

/* the first in order that is of this series, or behind it */
static size_t find_series(const struct window_log *log, uint64_t series)
{
	size_t low = 0;
	size_t high = log->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (log->buckets[log->order[middle]].series < series)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* the first value of the bucket, or of one behind it */
static size_t find_values(const struct window_log *log, size_t place)
{
	size_t low = 0;
	size_t high = log->values_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (log->values[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* appends the smallest values of the bucket; how many */
static size_t take_values(struct window_log *log, size_t place, size_t taken,
			  uint64_t values_max)
{
	size_t count = 0;

	for (size_t i = find_values(log, place);
	     i < log->values_count && log->values[i].place == place &&
	     count < values_max;
	     i++, count++) {
		mem_grow(&log->series_values, &log->series_values_capacity,
			 taken + count, sizeof(*log->series_values));
		log->series_values[taken + count] = log->values[i].hash;
	}
	return count;
}

static size_t take_series(struct window_log *log, const struct rule *rule,
			  struct slice key)
{
	uint64_t series = series_of(rule, key);
	size_t values = 0;
	size_t count = 0;
	size_t before = 0;

	for (size_t i = find_series(log, series);
	     i < log->count && log->buckets[log->order[i]].series == series; i++) {
		size_t place = log->order[i];

		mem_grow(&log->series, &log->series_capacity, count,
			 sizeof(*log->series));
		log->series[count] = log->buckets[place].bucket;
		log->series[count].values_count =
			take_values(log, place, values, rule->window.count);
		values += log->series[count++].values_count;
	}
	/* the array moved while it grew */
	for (size_t i = 0; i < count; i++) {
		log->series[i].values =
			values == 0 ? NULL : log->series_values + before;
		before += log->series[i].values_count;
	}
	return count;
}

void window_log_judge(struct window_log *log, struct slice key,
		      struct window_history *history, struct window_episodes *out)
{
	put_in_order(log);
	history->count = take_series(log, history->rule, key);
	history->buckets = log->series;
	window_judge(history, out);
}
