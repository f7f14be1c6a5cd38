/* window_judge.c - each type's windows, then those that touch as episodes
 *
 * The buckets of a window end with the one that it is named by:
 *
 *	buckets  ...|  0 |  1 |  2 | ... | 10 | 11 |
 *	              ^ begin             ^ `at`: the window's end is the end of this
 *one
 *
 * Bucket times are multiples of the width, and those without events are not there.
 */
#include "pipeline/window_judge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/window.h"

#define MILLION UINT64_C(1000000)

struct fired {
	int64_t first_us, last_us;
	uint64_t value;
};

struct judge {
	const struct window_history *history;
	int64_t width_us;
	uint64_t *sums; /* of the counts of the buckets before */
	struct fired *fired;
	size_t count, capacity;
};

void window_episodes_deinit(struct window_episodes *episodes)
{
	mem_free(episodes->items);
	*episodes = (struct window_episodes){ 0 };
}

static void fire(struct judge *judge, struct fired fired)
{
	mem_grow(&judge->fired, &judge->capacity, judge->count, sizeof(*judge->fired));
	judge->fired[judge->count++] = fired;
}

static const struct rule_window *window_of(const struct judge *judge)
{
	return &judge->history->rule->window;
}

static int64_t bucket_at(const struct judge *judge, size_t at)
{
	return judge->history->buckets[at].bucket_us;
}

/* the first bucket that begins at the moment or behind it */
static size_t lower_bound(const struct judge *judge, int64_t moment_us)
{
	size_t low = 0;
	size_t high = judge->history->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bucket_at(judge, middle) < moment_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* occurrences in the buckets that begin from `from` on and before `to` */
static uint64_t count_between(const struct judge *judge, int64_t from_us, int64_t to_us)
{
	return judge->sums[lower_bound(judge, to_us)] -
	       judge->sums[lower_bound(judge, from_us)];
}

/* the first bucket of the window that ends with this one */
static size_t window_begin(const struct judge *judge, size_t at)
{
	int64_t reach = window_of(judge)->span_us - judge->width_us;

	return lower_bound(judge, bucket_at(judge, at) - (reach > 0 ? reach : 0));
}

static int compare_counts(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* of the spans before the window that ends with this bucket, silence counted as 0;
 * UINT64_MAX: the history is shorter than the baseline */
static uint64_t median_before(const struct judge *judge, size_t at)
{
	const struct rule_window *window = window_of(judge);
	int64_t end = bucket_at(judge, at) - window->span_us + 1;
	size_t spans = (size_t)(window->baseline_us / window->span_us);
	uint64_t *counts = NULL;
	uint64_t median = 0;

	if (spans == 0 || bucket_at(judge, 0) > bucket_at(judge, at) - window->span_us -
							window->baseline_us)
		return UINT64_MAX;
	counts = mem_calloc(spans, sizeof(*counts));
	for (size_t i = 0; i < spans; i++, end -= window->span_us)
		counts[i] = count_between(judge, end - window->span_us, end);
	qsort(counts, spans, sizeof(*counts), compare_counts);
	median = counts[(spans - 1) / 2];
	mem_free(counts);
	return median;
}

/* value >= than * factor, which is in millionths */
static bool reaches(uint64_t value, uint64_t than, uint64_t factor_ppm)
{
	uint64_t left = 0;
	uint64_t right = 0;

	if (__builtin_mul_overflow(than, factor_ppm, &right))
		return false;
	return __builtin_mul_overflow(value, MILLION, &left) || left >= right;
}

static uint64_t others_between(const struct judge *judge, size_t begin, size_t at)
{
	uint64_t others = 0;

	for (size_t i = begin; i <= at; i++)
		others += judge->history->buckets[i].others;
	return others;
}

static void judge_counts(struct judge *judge)
{
	const struct rule_window *window = window_of(judge);

	for (size_t at = 0; at < judge->history->count; at++) {
		size_t begin = window_begin(judge, at);
		uint64_t total = judge->sums[at + 1] - judge->sums[begin];
		uint64_t value = total;
		uint64_t than = 0;

		if (total < window->count)
			continue;
		if (window->type == WINDOW_RATE_RATIO) {
			than = others_between(judge, begin, at);
			value = total * MILLION / (than > 0 ? than : 1);
		} else if (window->type == WINDOW_SPIKE) {
			than = median_before(judge, at);
			if (than == UINT64_MAX)
				continue;
			than = than > 0 ? than : 1;
		}
		if (window->type == WINDOW_THRESHOLD ||
		    reaches(total, than, window->factor_ppm))
			fire(judge,
			     (struct fired){ bucket_at(judge, begin),
					     bucket_at(judge, at) + judge->width_us,
					     value });
	}
}

static int compare_values(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* values is large enough for those of all buckets of the window */
static size_t count_distinct(const struct judge *judge, size_t begin, size_t at,
			     int64_t *values)
{
	size_t count = 0;
	size_t distinct = 0;

	for (size_t i = begin; i <= at; i++) {
		const struct window_bucket *bucket = &judge->history->buckets[i];

		if (bucket->values_count > 0)
			memcpy(values + count, bucket->values,
			       bucket->values_count * sizeof(*values));
		count += bucket->values_count;
	}
	if (count > 0)
		qsort(values, count, sizeof(*values), compare_values);
	for (size_t i = 0; i < count; i++)
		distinct += i == 0 || values[i] != values[i - 1];
	return distinct;
}

static void judge_values(struct judge *judge)
{
	const struct rule_window *window = window_of(judge);
	int64_t *values = mem_calloc((size_t)window->count * (WINDOW_BUCKETS + 1),
				     sizeof(*values));

	for (size_t at = 0; at < judge->history->count; at++) {
		size_t begin = window_begin(judge, at);
		size_t distinct = count_distinct(judge, begin, at, values);

		if (distinct >= window->count)
			fire(judge,
			     (struct fired){ bucket_at(judge, begin),
					     bucket_at(judge, at) + judge->width_us,
					     distinct });
	}
	mem_free(values);
}

/* the last moment of what comes first, in the buckets before; INT64_MIN: none */
static int64_t moment_before(const struct judge *judge, size_t at)
{
	int64_t reach = window_of(judge)->span_us + judge->width_us;
	int64_t before = INT64_MIN;

	for (size_t i = lower_bound(judge, bucket_at(judge, at) - reach); i < at; i++) {
		const struct window_bucket *bucket = &judge->history->buckets[i];

		if (bucket->count > 0 && bucket->last_us > before)
			before = bucket->last_us;
	}
	return before;
}

/* within a bucket the first and the last; across buckets the last and the first */
static void judge_sequences(struct judge *judge)
{
	for (size_t at = 0; at < judge->history->count; at++) {
		const struct window_bucket *bucket = &judge->history->buckets[at];
		int64_t end_us = bucket->bucket_us + judge->width_us;
		int64_t before = 0;

		if (bucket->then_last_us == INT64_MIN)
			continue;
		if (bucket->first_us <= bucket->then_last_us) {
			fire(judge, (struct fired){ bucket->bucket_us, end_us, 1 });
			continue;
		}
		before = moment_before(judge, at);
		if (before != INT64_MIN &&
		    bucket->then_first_us - before <= window_of(judge)->span_us)
			fire(judge,
			     (struct fired){ window_bucket_us(before, judge->width_us),
					     end_us, 1 });
	}
}

static void judge_news(struct judge *judge)
{
	const struct window_history *history = judge->history;

	for (size_t at = 0; at < history->count && history->clock_first_us != INT64_MAX;
	     at++) {
		int64_t first_us = history->buckets[at].first_us;

		if (first_us >= history->clock_first_us + window_of(judge)->baseline_us)
			fire(judge, (struct fired){ first_us, first_us, 1 });
	}
}

/* the silence between this bucket and the next moment that something came */
static void judge_silence(struct judge *judge, size_t at, int64_t next_us)
{
	const struct rule_window *window = window_of(judge);
	int64_t before = bucket_at(judge, at);
	int64_t begin = before + judge->width_us;

	if (next_us - begin >= window->span_us &&
	    count_between(judge, begin - window->span_us, begin) >= window->count)
		fire(judge,
		     (struct fired){ begin, next_us, (uint64_t)(next_us - begin) });
}

static void judge_silences(struct judge *judge)
{
	const struct window_history *history = judge->history;
	size_t last = history->count - 1;

	for (size_t at = 0; at < last; at++)
		judge_silence(judge, at, bucket_at(judge, at + 1));
	if (history->clock_last_us != INT64_MIN)
		judge_silence(
			judge, last,
			window_bucket_us(history->clock_last_us, judge->width_us));
}

static int compare_fired(const void *a, const void *b)
{
	const struct fired *left = a;
	const struct fired *right = b;

	if (left->first_us != right->first_us)
		return left->first_us < right->first_us ? -1 : 1;
	return (left->last_us > right->last_us) - (left->last_us < right->last_us);
}

static uint64_t total_of(const struct judge *judge,
			 const struct window_episode *episode)
{
	if (window_of(judge)->type == WINDOW_NEW_GROUP)
		return judge->history->total;
	return count_between(judge, episode->first_us, episode->last_us);
}

/* windows that lie within `quiet` of each other are one episode */
static void join(struct judge *judge, struct window_episodes *out)
{
	struct window_episode *open = NULL;

	if (judge->count > 0)
		qsort(judge->fired, judge->count, sizeof(*judge->fired), compare_fired);
	for (size_t i = 0; i < judge->count; i++) {
		const struct fired *fired = &judge->fired[i];

		if (open == NULL ||
		    fired->first_us - open->last_us > judge->history->rule->quiet_us) {
			mem_grow(&out->items, &out->capacity, out->count,
				 sizeof(*out->items));
			open = &out->items[out->count++];
			*open = (struct window_episode){ .first_us = fired->first_us,
							 .last_us = fired->last_us };
		}
		if (fired->last_us > open->last_us)
			open->last_us = fired->last_us;
		if (fired->value > open->peak)
			open->peak = fired->value;
	}
	for (size_t i = 0; i < out->count; i++)
		out->items[i].total = total_of(judge, &out->items[i]);
}

static void find_fired(struct judge *judge)
{
	switch (window_of(judge)->type) {
	case WINDOW_THRESHOLD:
	case WINDOW_SPIKE:
	case WINDOW_RATE_RATIO:
		judge_counts(judge);
		break;
	case WINDOW_CARDINALITY:
		judge_values(judge);
		break;
	case WINDOW_SEQUENCE:
		judge_sequences(judge);
		break;
	case WINDOW_NEW_GROUP:
		judge_news(judge);
		break;
	case WINDOW_FLATLINE:
		judge_silences(judge);
		break;
	case WINDOW_NONE:
	case WINDOW_TYPES:
		break;
	}
}

void window_judge(const struct window_history *history, struct window_episodes *out)
{
	struct judge judge = { .history = history,
			       .width_us =
				       window_bucket_width_us(&history->rule->window) };

	out->count = 0;
	if (history->count == 0)
		return;
	judge.sums = mem_calloc(history->count + 1, sizeof(*judge.sums));
	for (size_t i = 0; i < history->count; i++)
		judge.sums[i + 1] = judge.sums[i] + history->buckets[i].count;
	find_fired(&judge);
	join(&judge, out);
	mem_free(judge.fired);
	mem_free(judge.sums);
}
