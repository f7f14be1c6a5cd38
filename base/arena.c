/* arena.c - chunked bump allocation */
#include "base/arena.h"

#include <stdint.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#endif

#define CHUNK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT sizeof(max_align_t)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	max_align_t data[];
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *chunk = mem_alloc(sizeof(*chunk) + size);

	*chunk = (struct arena_chunk){ .size = size };
	ASAN_POISON_MEMORY_REGION(chunk->data, size);
	return chunk;
}

static void chunks_free(struct arena_chunk *chunk)
{
	while (chunk != NULL) {
		struct arena_chunk *next = chunk->next;

		ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
		mem_free(chunk);
		chunk = next;
	}
}

void arena_deinit(struct arena *arena)
{
	chunks_free(arena->head);
	*arena = (struct arena){ 0 };
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *keep = arena->head;

	if (keep == NULL)
		return;
	chunks_free(keep->next);
	keep->next = NULL;
	if (keep->size > CHUNK_BYTES) {
		chunks_free(keep);
		*arena = (struct arena){ 0 };
		return;
	}
	keep->used = 0;
	ASAN_POISON_MEMORY_REGION(keep->data, keep->size);
	arena->bytes = keep->size;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->head;
	size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	char *ptr = NULL;

	if (chunk == NULL || chunk->size - chunk->used < rounded) {
		chunk = chunk_new(rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES);
		chunk->next = arena->head;
		arena->head = chunk;
		arena->bytes += chunk->size;
	}
	ptr = (char *)chunk->data + chunk->used;
	chunk->used += rounded;
	ASAN_UNPOISON_MEMORY_REGION(ptr, size);
	return ptr;
}

struct slice arena_dup(struct arena *arena, struct slice s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return slice_of(copy, s.len);
}
