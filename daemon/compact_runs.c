/* compact_runs.c - runs of neighbours that fit into one block */
#include "daemon/compact_runs.h"

struct sums {
	int64_t events;
	int64_t bytes;
	int64_t largest;
};

static void add(struct sums *sums, const struct compact_block *block)
{
	sums->events += block->count;
	sums->bytes += block->raw_bytes;
	if (block->count > sums->largest)
		sums->largest = block->count;
}

static bool are_neighbours(const struct compact_block *a, const struct compact_block *b)
{
	return a->project_id == b->project_id && a->day == b->day &&
	       a->first_seq + a->count == b->first_seq;
}

static bool fits(const struct sums *sums, const struct compact_block *block,
		 const struct compact_limits *limits)
{
	return sums->events + block->count <= limits->events_max &&
	       sums->bytes + block->raw_bytes <= limits->bytes_max;
}

static bool is_worth(const struct sums *sums, size_t count,
		     const struct compact_limits *limits)
{
	if (count < 2)
		return false;
	if (sums->events >= limits->small_events)
		return true;
	return count >= (size_t)limits->blocks_min && sums->largest * 2 <= sums->events;
}

bool compact_runs_next(const struct compact_block *blocks, size_t count, size_t from,
		       const struct compact_limits *limits, struct compact_run *out)
{
	/* a large block at the beginning is no reason to leave the small ones behind it
	 */
	for (; from < count; from++) {
		struct sums sums = { 0 };
		size_t end = from + 1;

		add(&sums, &blocks[from]);
		while (end < count && end - from < COMPACT_RUN_MAX &&
		       are_neighbours(&blocks[end - 1], &blocks[end]) &&
		       fits(&sums, &blocks[end], limits))
			add(&sums, &blocks[end++]);
		if (is_worth(&sums, end - from, limits)) {
			*out = (struct compact_run){ from, end - from };
			return true;
		}
	}
	return false;
}
