/* port.c - freeing what sources are given */
#include "sources/port.h"

#include "base/mem.h"

void stored_positions_deinit(struct stored_positions *positions)
{
	for (size_t i = 0; i < positions->count; i++) {
		mem_free(positions->items[i].stream);
		mem_free(positions->items[i].detail);
	}
	mem_free(positions->items);
	*positions = (struct stored_positions){ 0 };
}
