/* mem.c - checked allocation; the one place where out of memory is fatal */
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"

static void *check(void *ptr)
{
	if (UNLIKELY(ptr == NULL)) {
		(void)fputs("siftd: out of memory\n", stderr); /* nothing left to do */
		abort();
	}
	return ptr;
}

void *mem_alloc(size_t size)
{
	return check(malloc(size == 0 ? 1 : size));
}

void *mem_calloc(size_t count, size_t size)
{
	return check(calloc(count == 0 ? 1 : count, size == 0 ? 1 : size));
}

void *mem_realloc(void *old, size_t count, size_t size)
{
	size_t bytes = 0;

	if (__builtin_mul_overflow(count, size, &bytes))
		return check(NULL);
	return check(realloc(old, bytes == 0 ? 1 : bytes));
}

char *mem_strdup(const char *str)
{
	return mem_slice_dup(slice_str(str));
}

char *mem_slice_dup(struct slice s)
{
	char *copy = mem_alloc(s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

void mem_free(void *ptr)
{
	free(ptr);
}

void mem_grow(void *items_ptr, size_t *capacity, size_t count, size_t size)
{
	void *items = NULL;

	if (count < *capacity)
		return;
	memcpy(&items, items_ptr, sizeof(items));
	*capacity = *capacity == 0 ? 16 : *capacity * 2;
	if (*capacity <= count)
		*capacity = count + 1;
	items = mem_realloc(items, *capacity, size);
	memcpy(items_ptr, &items, sizeof(items));
}
