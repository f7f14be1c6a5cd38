/* port.c - copying and freeing what sources are given */
#include "sources/port.h"

#include <string.h>

#include "base/mem.h"

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
