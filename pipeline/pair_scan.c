/* pair_scan.c - a key is [A-Za-z_][A-Za-z0-9_.@/-]*; a value is quoted or ends at a
 * blank
 */
#include "pipeline/pair_scan.h"

#include "pipeline/byte_class.h"
#include "pipeline/json_alias.h"

static size_t key_length(struct slice text)
{
	size_t len = 0;

	if (text.len == 0 || (!byte_is(text.ptr[0], BYTE_ALPHA) && text.ptr[0] != '_' &&
			      text.ptr[0] != '@'))
		return 0;
	while (len < text.len && byte_is(text.ptr[len], BYTE_KEY))
		len++;
	return len;
}

/* rest at the opening quote; false: it never closes */
static bool take_quoted(struct slice *rest, struct pair *pair)
{
	for (size_t i = 1; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			pair->escaped = true;
			i++;
		} else if (rest->ptr[i] == '"') {
			pair->value = slice_of(rest->ptr + 1, i - 1);
			*rest = slice_from(*rest, i + 1);
			return true;
		}
	}
	return false;
}

/* rest behind the equals sign */
static bool take_value(struct slice *rest, struct pair *pair)
{
	size_t len = 0;

	pair->has_value = true;
	if (rest->len > 0 && rest->ptr[0] == '"')
		return take_quoted(rest, pair);
	while (len < rest->len && !byte_is(rest->ptr[len], BYTE_BLANK) &&
	       rest->ptr[len] != '\n')
		len++;
	pair->value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

bool pair_take(struct slice *rest, struct pair *pair)
{
	*pair = (struct pair){ 0 };
	while (rest->len > 0 && byte_is(rest->ptr[0], BYTE_BLANK))
		*rest = slice_from(*rest, 1);

	size_t len = key_length(*rest);

	if (len == 0)
		return false;
	pair->key = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	if (rest->len == 0 || byte_is(rest->ptr[0], BYTE_BLANK))
		return true;
	if (rest->ptr[0] != '=')
		return false;
	*rest = slice_from(*rest, 1);
	return take_value(rest, pair) &&
	       (rest->len == 0 || byte_is(rest->ptr[0], BYTE_BLANK));
}

/* in prose a value ends where its sentence or list goes on */
static void trim_value(struct pair *pair)
{
	while (pair->value.len > 0 &&
	       strchr(",;.)]}>", pair->value.ptr[pair->value.len - 1]) != NULL)
		pair->value.len--;
}

bool pair_find(struct slice *rest, struct pair *pair)
{
	for (;;) {
		const char *equals =
			rest->len == 0 ? NULL : memchr(rest->ptr, '=', rest->len);

		if (equals == NULL)
			return false;

		const char *key = equals;
		struct slice behind =
			slice_from(*rest, (size_t)(equals + 1 - rest->ptr));

		while (key > rest->ptr && byte_is(key[-1], BYTE_KEY))
			key--;
		*rest = behind;
		*pair = (struct pair){ .key = slice_of(key, (size_t)(equals - key)) };
		if (key_length(pair->key) != pair->key.len || pair->key.len == 0)
			continue;
		if (behind.len == 0 || behind.ptr[0] == '=' || behind.ptr[0] == '>' ||
		    byte_is(behind.ptr[0], BYTE_BLANK) || !take_value(rest, pair))
			continue;
		if (behind.ptr[0] != '"')
			trim_value(pair);
		if (pair->value.len > 0)
			return true;
	}
}

static bool is_logger_key(struct slice key)
{
	const struct alias *alias = alias_of_key(key);

	return alias != NULL && alias->role <= ROLE_HOST &&
	       alias->rank < ALIAS_RANK_LETTER;
}

bool pairs_begin_line(struct slice line)
{
	size_t len = key_length(line);
	struct pair pair;
	bool known = false;

	/* most lines end here */
	if (len == 0 || len == line.len || line.ptr[len] != '=')
		return false;
	for (unsigned i = 0; i < 2; i++) {
		if (!pair_take(&line, &pair) || !pair.has_value)
			return false;
		known |= is_logger_key(pair.key);
	}
	return known;
}
