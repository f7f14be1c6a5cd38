/* query.c - decoding and reading query parameters */
#include "api/query.h"

#include <inttypes.h>

#include "base/buf.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int query_decode(struct slice text, struct arena *arena, struct slice *out)
{
	char *bytes = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
			int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -1;
			c = (char)(high * 16 + low);
			i += 2;
		}
		bytes[len++] = c;
	}
	bytes[len] = '\0';
	*out = slice_of(bytes, len);
	return 0;
}

static int parse_pair(struct slice pair, struct arena *arena, struct query_param *out,
		      struct error *error)
{
	const char *equals = memchr(pair.ptr, '=', pair.len);
	size_t name_len = equals == NULL ? pair.len : (size_t)(equals - pair.ptr);
	struct slice value = slice_from(pair, name_len + (equals != NULL));

	if (query_decode(slice_head(pair, name_len), arena, &out->name) != 0 ||
	    query_decode(value, arena, &out->value) != 0)
		return error_set(error,
				 "the query holds a %% that is not followed by "
				 "two hex digits: %.*s",
				 (int)(pair.len < 100 ? pair.len : 100), pair.ptr);
	return 0;
}

int query_parse(struct slice text, struct arena *arena, struct query *out,
		struct error *error)
{
	out->count = 0;
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '&', text.len);
		struct slice pair = slice_head(
			text, end == NULL ? text.len : (size_t)(end - text.ptr));

		text = slice_from(text, pair.len + 1);
		if (pair.len == 0)
			continue;
		if (out->count == QUERY_PARAMS_MAX)
			return error_set(error, "the query has more than %d parameters",
					 QUERY_PARAMS_MAX);
		if (parse_pair(pair, arena, &out->items[out->count], error) != 0)
			return -1;
		out->count++;
	}
	return 0;
}

struct slice query_get(const struct query *query, const char *name)
{
	for (size_t i = 0; i < query->count; i++) {
		if (slice_equal(query->items[i].name, slice_str(name)))
			return query->items[i].value;
	}
	return (struct slice){ 0 };
}

void query_remove(struct query *query, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < query->count; i++) {
		if (!slice_equal(query->items[i].name, slice_str(name)))
			query->items[kept++] = query->items[i];
	}
	query->count = kept;
}

/* decimal with an optional minus; false when it is none or does not fit */
static bool parse_int(struct slice text, int64_t *out)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	int64_t value = 0;

	text = slice_from(text, negative);
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c < '0' || c > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, c - '0', &value))
			return false;
	}
	/* summed up below zero, where the range is larger */
	if (!negative && value == INT64_MIN)
		return false;
	*out = negative ? value : -value;
	return true;
}

int query_read_int(const struct query *query, const struct query_int *want,
		   int64_t *out, struct error *error)
{
	struct slice text = query_get(query, want->name);
	int64_t value = 0;

	if (text.len == 0)
		return 0;
	if (!parse_int(text, &value) || value < want->min || value > want->max)
		return error_set(error,
				 "%s must be a number from %" PRId64 " to %" PRId64,
				 want->name, want->min, want->max);
	*out = value;
	return 0;
}

static void list_words(const char *const *words, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; words[i] != NULL; i++) {
		size_t len = strlen(words[i]);

		if (at + len + 3 > size)
			return;
		if (i > 0) {
			out[at++] = ',';
			out[at++] = ' ';
		}
		memcpy(out + at, words[i], len + 1);
		at += len;
	}
}

int query_read_word(const struct query *query, const char *name,
		    const char *const *words, size_t *out, struct error *error)
{
	struct slice text = query_get(query, name);
	char list[200];

	if (text.len == 0)
		return 0;
	for (size_t i = 0; words[i] != NULL; i++) {
		if (slice_equal(text, slice_str(words[i]))) {
			*out = i;
			return 0;
		}
	}
	list_words(words, list, sizeof(list));
	return error_set(error, "%s must be one of: %s", name, list);
}

bool query_id(struct slice text, int64_t *out)
{
	return text.len > 0 && text.ptr[0] >= '0' && parse_int(text, out) && *out > 0;
}

bool query_hex64(struct slice text, uint64_t *out)
{
	uint64_t value = 0;

	if (text.len != 16)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = hex_digit(text.ptr[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (uint64_t)digit;
	}
	*out = value;
	return true;
}
