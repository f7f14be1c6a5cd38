/* table.h - hash table from a 64-bit key to a 64-bit value
 *
 * Threads: one owner at a time. Owner: table_deinit frees; values are plain numbers or
 * indexes, never freed. Keys are hashes already, or are spread by the table.
 * Limits: none of its own; table.count is there for the caller's bound.
 */
#ifndef SIFTD_BASE_TABLE_H
#define SIFTD_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot;

struct table {
	struct table_slot *slots;
	size_t count;
	size_t capacity; /* a power of two, or 0 */
};

void table_deinit(struct table *table);
void table_clear(struct table *table);
/* the value's place, or NULL; valid until the next put or remove */
uint64_t *table_get(const struct table *table, uint64_t key);
/* the value's place, made with value 0 when absent; *added says so (may be NULL) */
uint64_t *table_put(struct table *table, uint64_t key, bool *added);
/* the key will be asked for or put soon: its place is fetched into the processor's
 * cache meanwhile */
void table_prefetch(const struct table *table, uint64_t key);
/* true when it was there */
bool table_remove(struct table *table, uint64_t key);
/* walks all entries: start with *cursor = 0; false at the end; no put or remove between
 */
bool table_next(const struct table *table, size_t *cursor, uint64_t *key,
		uint64_t *value);

#endif
