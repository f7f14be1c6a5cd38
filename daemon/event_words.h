/* event_words.h - filters of events on a command line, in the interface's spelling
 *
 * Threads: one. Owner: event_words_deinit.
 * Limits: QUERY_PARAMS_MAX filters.
 */
#ifndef SIFTD_DAEMON_EVENT_WORDS_H
#define SIFTD_DAEMON_EVENT_WORDS_H

#include "api/query.h"

/* for struct option tables: val 0 says that a word is a filter */
#define EVENT_WORDS_OPTIONS                                                            \
	{ "levels", required_argument, NULL, 0 },                                      \
		{ "service", required_argument, NULL, 0 },                             \
		{ "host", required_argument, NULL, 0 },                                \
		{ "group", required_argument, NULL, 0 },                               \
		{ "fingerprint", required_argument, NULL, 0 },                         \
		{ "ts-from", required_argument, NULL, 0 },                             \
		{ "ts-to", required_argument, NULL, 0 },                               \
		{ "q", required_argument, NULL, 0 },                                   \
	{                                                                              \
		"q-mode", required_argument, NULL, 0                                   \
	}

struct event_words {
	struct query filters;
	char *names[QUERY_PARAMS_MAX];
};

/* false: there are too many */
bool event_words_add(struct event_words *words, const char *word, const char *value);
void event_words_deinit(struct event_words *words);
/* of any other word; text: NULL leaves *out as it is */
MUST_CHECK int event_words_number(const char *name, const char *text, int64_t *out,
				  struct error *error);

#endif
