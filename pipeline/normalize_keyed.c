/* normalize_keyed.c - JSON and logfmt records: a message and the set of its keys */
#include <stdlib.h>

#include "base/hash64.h"
#include "pipeline/fold.h"
#include "pipeline/lexer.h"
#include "pipeline/normalize_kinds.h"

static int compare_keys(const void *a, const void *b)
{
	const struct slice *left = a;
	const struct slice *right = b;

	return slice_compare(*left, *right);
}

static void add_keys(const struct record *record, struct tokens *tokens)
{
	struct slice keys[RECORD_ATTRIBUTES_MAX];

	for (size_t i = 0; i < record->attributes_count; i++)
		keys[i] = record->attributes[i].key;
	qsort(keys, record->attributes_count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < record->attributes_count; i++)
		fold_synthetic(tokens, keys[i], TOKEN_NAME);
}

/* a sum, so that the order of the keys does not matter */
static void add_key_set(const struct record *record, struct tokens *tokens)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t set = 0;
	char text[16];

	if (record->attributes_count == 0)
		return;
	for (size_t i = 0; i < record->attributes_count; i++)
		set += hash64(record->attributes[i].key, NORMALIZE_VERSION);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = digits[set >> (60 - 4 * i) & 15];
	fold_synthetic(tokens, slice_of(text, sizeof(text)), TOKEN_KEYS);
}

void normalize_keyed(const struct record *record, struct tokens *tokens)
{
	if (record->body.len == 0 || record->body.ptr[0] == '{') {
		add_keys(record, tokens);
		return;
	}
	normalize_lines(tokens);
	add_key_set(record, tokens);
}
