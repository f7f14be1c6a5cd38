/* mem.h - allocation that cannot fail: out of memory ends the process, here only
 *
 * Threads: any. Owner: the caller frees with mem_free.
 * Limits: sizes that overflow size_t count as out of memory.
 */
#ifndef SIFTD_BASE_MEM_H
#define SIFTD_BASE_MEM_H

#include <stddef.h>

#include "base/slice.h"

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
/* zeroed, count * size bytes */
void *mem_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* old may be NULL */
void *mem_realloc(void *old, size_t count, size_t size)
	__attribute__((returns_nonnull));
/* a NUL-terminated copy */
char *mem_strdup(const char *str) __attribute__((malloc, returns_nonnull));
char *mem_slice_dup(struct slice s) __attribute__((malloc, returns_nonnull));
/* NULL is fine */
void mem_free(void *ptr);

/* grows *items, an array of elements of `size` bytes, so that one more than count fits
 */
void mem_grow(void *items_ptr, size_t *capacity, size_t count, size_t size);

#endif
