/* sift_windows.c - sums of consecutive buckets around the one that grew */
#include "daemon/sift_windows.h"

#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/window.h"

void sift_windows_deinit(struct sift_windows *windows)
{
	table_deinit(&windows->index);
	mem_free(windows->buckets);
	*windows = (struct sift_windows){ 0 };
}

static uint64_t key_of(uint64_t finding, int64_t bucket_us)
{
	return hash64_mix(finding, (uint64_t)bucket_us);
}

static int newest_first(const void *a, const void *b)
{
	const struct sift_bucket *left = a;
	const struct sift_bucket *right = b;

	if (left->bucket_us != right->bucket_us)
		return left->bucket_us > right->bucket_us ? -1 : 1;
	return (left->finding > right->finding) - (left->finding < right->finding);
}

static void drop_older_half(struct sift_windows *windows)
{
	qsort(windows->buckets, windows->count, sizeof(*windows->buckets),
	      newest_first);
	windows->count /= 2;
	table_clear(&windows->index);
	for (size_t i = 0; i < windows->count; i++) {
		const struct sift_bucket *bucket = &windows->buckets[i];

		*table_put(&windows->index, key_of(bucket->finding, bucket->bucket_us),
			   NULL) = i;
	}
}

static void count_delta(struct sift_windows *windows, uint64_t finding,
			const struct batch_window *delta)
{
	uint64_t *place = NULL;
	bool added = false;

	if (windows->count == SIFT_BUCKETS_MAX)
		drop_older_half(windows);
	place = table_put(&windows->index, key_of(finding, delta->bucket_us), &added);
	if (!added) {
		windows->buckets[*place].count += delta->count;
		return;
	}
	mem_grow(&windows->buckets, &windows->capacity, windows->count,
		 sizeof(*windows->buckets));
	*place = windows->count;
	windows->buckets[windows->count++] = (struct sift_bucket){
		.finding = finding, .bucket_us = delta->bucket_us, .count = delta->count
	};
}

bool sift_windows_add(struct sift_windows *windows, uint64_t finding,
		      const struct batch_window *delta)
{
	/* counts[WINDOW_BUCKETS - 1] is the delta's own bucket */
	uint64_t counts[2 * WINDOW_BUCKETS - 1];
	uint64_t sum = 0;

	count_delta(windows, finding, delta);
	for (int i = 0; i < 2 * WINDOW_BUCKETS - 1; i++) {
		int64_t at = delta->bucket_us +
			     (i - (WINDOW_BUCKETS - 1)) * delta->bucket_width_us;
		const uint64_t *place = table_get(&windows->index, key_of(finding, at));

		counts[i] = place == NULL ? 0 : windows->buckets[*place].count;
		sum += counts[i];
		if (i >= WINDOW_BUCKETS)
			sum -= counts[i - WINDOW_BUCKETS];
		if (sum >= delta->rule->window.count)
			return true;
	}
	return false;
}
