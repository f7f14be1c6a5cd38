/* arena.h - many small allocations, freed at once
 *
 * Threads: one owner at a time. Owner: arena_deinit frees all; nothing is freed singly.
 * Limits: none of its own; arena_bytes says what is held, for the caller's bound.
 *
 * A reset keeps the first chunk, and poisons it under AddressSanitizer, so that a slice
 * that outlived its batch is caught.
 */
#ifndef SIFTD_BASE_ARENA_H
#define SIFTD_BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t bytes;
};

void arena_deinit(struct arena *arena);
void arena_reset(struct arena *arena);
/* aligned for any type, not zeroed */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
/* a copy of the bytes, with a NUL behind them that len does not count */
struct slice arena_dup(struct arena *arena, struct slice s);

static inline size_t arena_bytes(const struct arena *arena)
{
	return arena->bytes;
}

#endif
