/* port.c - copying and freeing what sources are given, and the times of commits */
#include "sources/port.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"

const uint64_t source_latency_bounds_us[SOURCE_LATENCY_BOUNDS] = {
	50000,   100000,  250000,   500000,   1000000,
	2500000, 5000000, 10000000, 30000000, 120000000,
};

struct stored_positions stored_positions_copy(const struct stored_positions *positions)
{
	struct stored_positions copy = { .count = positions->count };

	copy.items = mem_calloc(copy.count, sizeof(*copy.items));
	for (size_t i = 0; i < copy.count; i++) {
		const struct stored_position *item = &positions->items[i];

		copy.items[i] = (struct stored_position){
			.stream = mem_strdup(item->stream),
			.detail = mem_strdup(item->detail),
			.position = item->position,
		};
	}
	return copy;
}

const struct stored_position *
stored_positions_find(const struct stored_positions *positions, const char *stream)
{
	for (size_t i = 0; i < positions->count; i++) {
		if (strcmp(positions->items[i].stream, stream) == 0)
			return &positions->items[i];
	}
	return NULL;
}

void stored_positions_deinit(struct stored_positions *positions)
{
	for (size_t i = 0; i < positions->count; i++) {
		mem_free(positions->items[i].stream);
		mem_free(positions->items[i].detail);
	}
	mem_free(positions->items);
	*positions = (struct stored_positions){ 0 };
}

void source_note_latency(struct source_stats *stats, uint64_t latency_us)
{
	size_t at = 0;

	while (at < SOURCE_LATENCY_BOUNDS && latency_us > source_latency_bounds_us[at])
		at++;
	atomic_fetch_add(&stats->latency_counts[at], 1);
	atomic_fetch_add(&stats->latency_sum_us, latency_us);
	atomic_store(&stats->latency_us, latency_us);
}

uint64_t source_latency_count(const struct source_stats *stats)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= SOURCE_LATENCY_BOUNDS; i++)
		count += atomic_load(&stats->latency_counts[i]);
	return count;
}
