/* table.c - open addressing, linear probing, backward-shift removal */
#include "base/table.h"

#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

struct table_slot {
	uint64_t key;
	uint64_t value;
	bool used;
};

/* Fibonacci hashing: the high bits of the product are well spread */
static size_t slot_of(const struct table *table, uint64_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (table->capacity - 1);
}

static size_t find(const struct table *table, uint64_t key)
{
	size_t at = slot_of(table, key);

	while (table->slots[at].used && table->slots[at].key != key)
		at = (at + 1) & (table->capacity - 1);
	return at;
}

static void grow(struct table *table)
{
	struct table old = *table;

	table->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
	table->slots = mem_calloc(table->capacity, sizeof(*table->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		if (old.slots[i].used)
			table->slots[find(table, old.slots[i].key)] = old.slots[i];
	}
	mem_free(old.slots);
}

void table_deinit(struct table *table)
{
	mem_free(table->slots);
	*table = (struct table){ 0 };
}

void table_clear(struct table *table)
{
	if (table->capacity > 0)
		memset(table->slots, 0, table->capacity * sizeof(*table->slots));
	table->count = 0;
}

uint64_t *table_get(const struct table *table, uint64_t key)
{
	size_t at = 0;

	if (table->capacity == 0)
		return NULL;
	at = find(table, key);
	return table->slots[at].used ? &table->slots[at].value : NULL;
}

uint64_t *table_put(struct table *table, uint64_t key, bool *added)
{
	struct table_slot *slot = NULL;

	if (table->count * 4 >= table->capacity * 3)
		grow(table);
	slot = &table->slots[find(table, key)];
	if (added != NULL)
		*added = !slot->used;
	if (!slot->used) {
		*slot = (struct table_slot){ .key = key, .used = true };
		table->count++;
	}
	return &slot->value;
}

void table_prefetch(const struct table *table, uint64_t key)
{
	if (table->capacity > 0)
		__builtin_prefetch(&table->slots[slot_of(table, key)]);
}

bool table_remove(struct table *table, uint64_t key)
{
	size_t mask = table->capacity - 1;
	size_t hole = 0;

	if (table->capacity == 0)
		return false;
	hole = find(table, key);
	if (!table->slots[hole].used)
		return false;
	for (size_t at = (hole + 1) & mask; table->slots[at].used;
	     at = (at + 1) & mask) {
		size_t home = slot_of(table, table->slots[at].key);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			table->slots[hole] = table->slots[at];
			hole = at;
		}
	}
	table->slots[hole] = (struct table_slot){ 0 };
	table->count--;
	return true;
}

bool table_next(const struct table *table, size_t *cursor, uint64_t *key,
		uint64_t *value)
{
	for (; *cursor < table->capacity; (*cursor)++) {
		const struct table_slot *slot = &table->slots[*cursor];

		if (slot->used) {
			*key = slot->key;
			*value = slot->value;
			(*cursor)++;
			return true;
		}
	}
	return false;
}
