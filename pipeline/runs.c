/* runs.c - runs grow at their end; what comes out of order is put right later */
#include "pipeline/runs.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

/* runs that a moment is compared with: streams that are read in turn each have one */
#define RECENT 4

void runs_deinit(struct runs *runs)
{
	mem_free(runs->items);
	*runs = (struct runs){ 0 };
}

/* unsigned: a timestamp may be anything, and their difference overflows */
static bool is_within(int64_t low, int64_t high, int64_t quiet_us)
{
	return high <= low || (uint64_t)high - (uint64_t)low <= (uint64_t)quiet_us;
}

static bool is_near(const struct run *run, int64_t moment_us, int64_t quiet_us)
{
	return is_within(run->last_us, moment_us, quiet_us) &&
	       is_within(moment_us, run->first_us, quiet_us);
}

static int compare_runs(const void *a_item, const void *b_item)
{
	const struct run *a = a_item;
	const struct run *b = b_item;

	if (a->first_us != b->first_us)
		return a->first_us < b->first_us ? -1 : 1;
	return 0;
}

static void join(struct run *run, const struct run *other)
{
	if (other->first_us < run->first_us)
		run->first_us = other->first_us;
	if (other->last_us > run->last_us)
		run->last_us = other->last_us;
	run->count += other->count;
}

void runs_settle(struct runs *runs, int64_t quiet_us)
{
	size_t kept = 0;

	if (runs->count < 2)
		return;
	qsort(runs->items, runs->count, sizeof(*runs->items), compare_runs);
	for (size_t i = 1; i < runs->count; i++) {
		if (is_within(runs->items[kept].last_us, runs->items[i].first_us,
			      quiet_us))
			join(&runs->items[kept], &runs->items[i]);
		else
			runs->items[++kept] = runs->items[i];
	}
	runs->count = kept + 1;
}

/* grows only where settling did not free half: so both stay cheap on the whole */
static void make_room(struct runs *runs, int64_t quiet_us)
{
	if (runs->count < runs->capacity)
		return;
	runs_settle(runs, quiet_us);
	if (runs->count >= runs->capacity / 2)
		mem_grow(&runs->items, &runs->capacity, runs->capacity,
			 sizeof(*runs->items));
}

void runs_add(struct runs *runs, int64_t moment_us, int64_t quiet_us)
{
	const struct run one = { moment_us, moment_us, 1 };
	size_t begin = runs->count > RECENT ? runs->count - RECENT : 0;

	for (size_t i = runs->count; i-- > begin;) {
		if (is_near(&runs->items[i], moment_us, quiet_us)) {
			join(&runs->items[i], &one);
			return;
		}
	}
	make_room(runs, quiet_us);
	runs->items[runs->count++] = one;
}
