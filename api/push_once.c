/* push_once.c - a small table, searched from end to end */
#include "api/push_once.h"

#include <string.h>

#define US_PER_S INT64_C(1000000)

static bool is(const struct push_once *once, size_t i, const struct token_hash *hash)
{
	return memcmp(&once->items[i].hash, hash, sizeof(*hash)) == 0;
}

enum push_once_place push_once_begin(struct push_once *once, int64_t project_id,
				     const struct token_hash *hash, int64_t now_us)
{
	size_t place = PUSH_ONCE_MAX;
	size_t unused = 0;
	size_t own = 0;

	for (size_t i = 0; i < PUSH_ONCE_MAX; i++) {
		if (once->items[i].until_us <= now_us) {
			place = i;
			unused++;
		} else if (is(once, i, hash)) {
			return PUSH_ONCE_UNDER_WAY;
		} else {
			own += once->items[i].project_id == project_id;
		}
	}
	if (own >= unused)
		return PUSH_ONCE_FULL;
	once->items[place].hash = *hash;
	once->items[place].project_id = project_id;
	once->items[place].until_us = now_us + PUSH_ONCE_S * US_PER_S;
	return PUSH_ONCE_BEGUN;
}

void push_once_end(struct push_once *once, const struct token_hash *hash)
{
	for (size_t i = 0; i < PUSH_ONCE_MAX; i++) {
		if (once->items[i].until_us != 0 && is(once, i, hash))
			once->items[i].until_us = 0;
	}
}
