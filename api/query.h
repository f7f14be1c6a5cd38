/* query.h - the query string of a URL, decoded, and typed readings of its parameters
 *
 * Threads: any; pure.
 * Owner: names and values lie in the arena given to query_parse.
 * Limits: QUERY_PARAMS_MAX parameters; more are an error.
 *
 * Readers leave *out alone when the parameter is absent or empty (so it holds the
 * default), and fail with a sentence that names the parameter.
 */
#ifndef SIFTD_API_QUERY_H
#define SIFTD_API_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define QUERY_PARAMS_MAX 64

struct query_param {
	struct slice name;
	struct slice value;
};

/* an integer parameter and its bounds */
struct query_int {
	const char *name;
	int64_t min;
	int64_t max;
};

struct query {
	struct query_param items[QUERY_PARAMS_MAX];
	size_t count;
};

/* `text` is what stands behind the '?'; + is a blank, %xx a byte */
MUST_CHECK int query_parse(struct slice text, struct arena *arena, struct query *out,
			   struct error *error);
/* of application/x-www-form-urlencoded and paths: the decoded bytes; -1 on a bad escape
 */
MUST_CHECK int query_decode(struct slice text, struct arena *arena, struct slice *out);
/* the first value of that name; ptr NULL when absent */
struct slice query_get(const struct query *query, const char *name);
MUST_CHECK int query_read_int(const struct query *query, const struct query_int *want,
			      int64_t *out, struct error *error);
/* as if it had not been given */
void query_remove(struct query *query, const char *name);
/* one of `words` (NULL-ended): its index */
MUST_CHECK int query_read_word(const struct query *query, const char *name,
			       const char *const *words, size_t *out,
			       struct error *error);
/* the whole text is a decimal number above 0: an id */
bool query_id(struct slice text, int64_t *out);
/* the whole text is 16 hex digits */
bool query_hex64(struct slice text, uint64_t *out);

#endif
