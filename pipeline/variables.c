/* variables.c - the values of a record in the order of its template */
#include <stdio.h>

#include "pipeline/normalize.h"
#include "pipeline/template.h"

static struct slice text_between(const struct tokens *tokens, size_t begin, size_t end)
{
	return slice_of(tokens->text.ptr + begin, end - begin);
}

/* `key` of key=value, when the token before is one */
static struct slice key_of(const struct tokens *tokens, size_t index)
{
	const struct token *key = NULL;
	struct slice gap = { NULL, 0 };

	if (index == 0)
		return gap;
	key = &tokens->items[index - 1];
	if (key->class == TOKEN_VARIABLE || key->end > tokens->items[index].begin)
		return gap;
	gap = text_between(tokens, key->end, tokens->items[index].begin);
	if (gap.len == 0 || gap.len > 3 ||
	    (memchr(gap.ptr, '=', gap.len) == NULL &&
	     !slice_equal(slice_head(gap, 2), SLICE("\":"))))
		return (struct slice){ NULL, 0 };
	return text_between(tokens, key->begin, key->end);
}

static void name_variable(const struct tokens *tokens, size_t index, unsigned *numbers,
			  struct variable *variable)
{
	struct slice key = key_of(tokens, index);
	const char *type = variable->type == VARIABLE_ANY
				   ? "text"
				   : variable_type_name(variable->type);
	unsigned number = 0;

	if (key.len > 0 && key.len < sizeof(variable->name)) {
		memcpy(variable->name, key.ptr, key.len);
		variable->name[key.len] = '\0';
		return;
	}
	number = ++numbers[variable->type];
	if (number == 1)
		(void)snprintf(variable->name, sizeof(variable->name), "%s", type);
	else
		(void)snprintf(variable->name, sizeof(variable->name), "%s%u", type,
			       number);
}

size_t normalize_variables(const struct tokens *tokens, const uint64_t *wild,
			   struct variable *out, size_t max)
{
	unsigned numbers[VARIABLE_TYPE_COUNT] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < tokens->count && count < max; i++) {
		const struct token *token = &tokens->items[i];
		bool whole = token->class == TOKEN_VARIABLE ||
			     (wild != NULL && wild_has(wild, i));

		if (token->begin == token->end || (!whole && token->run_len == 0))
			continue;
		out[count].type = (enum variable_type)token->type;
		out[count].value = text_between(tokens, token->begin, token->end);
		if (!whole) {
			size_t begin = (size_t)token->begin + token->digits;

			out[count].type = VARIABLE_NUMBER;
			out[count].value =
				text_between(tokens, begin, begin + token->run_len);
		}
		name_variable(tokens, i, numbers, &out[count]);
		count++;
	}
	return count;
}
