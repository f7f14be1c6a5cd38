/* event_words.c - ts-from is ts_from in the interface */
#include "daemon/event_words.h"

#include "base/mem.h"

bool event_words_add(struct event_words *words, const char *word, const char *value)
{
	struct query *filters = &words->filters;
	char *name = NULL;

	if (filters->count == QUERY_PARAMS_MAX)
		return false;
	name = mem_strdup(word);
	for (char *at = name; *at != '\0'; at++) {
		if (*at == '-')
			*at = '_';
	}
	words->names[filters->count] = name;
	filters->items[filters->count++] =
		(struct query_param){ slice_str(name), slice_str(value) };
	return true;
}

void event_words_deinit(struct event_words *words)
{
	for (size_t i = 0; i < words->filters.count; i++)
		mem_free(words->names[i]);
}

int event_words_number(const char *name, const char *text, int64_t *out,
		       struct error *error)
{
	if (text == NULL || query_id(slice_str(text), out))
		return 0;
	return error_set(error, "--%s must be a number above 0", name);
}
