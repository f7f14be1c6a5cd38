/* body.h - reading a request's JSON object, field by field
 *
 * Threads: the loop thread only.
 * Owner: body_done frees the object; strings are copied to the request's arena.
 * Limits: REQUEST_JSON_MAX bytes; every string has bounds of its own. All that is wrong
 *         is answered at once, up to PROBLEM_FIELDS_MAX fields.
 *
 *     struct body body = { 0 };
 *     if (!body_read(request, &body))
 *             return;                             it was answered
 *     name = body_string(&body, "name", (struct body_bounds){ 1, 200 });
 *     if (!body_done(&body))
 *             return;                             it was answered with the fields
 */
#ifndef SIFTD_API_BODY_H
#define SIFTD_API_BODY_H

#include <stdbool.h>

#include "api/request.h"

struct json_t;

struct body {
	struct request *request;
	struct json_t *object;
	struct query form; /* when there is no object */
	struct problem problem;
};

struct body_bounds {
	size_t min; /* 0: the field may be absent, then ptr is NULL */
	size_t max; /* bytes */
};

/* JSON object only; false: answered with 400, 413 or 415 */
MUST_CHECK bool body_read(struct request *request, struct body *body);
/* as body_read, but application/x-www-form-urlencoded is fine too */
MUST_CHECK bool body_read_form(struct request *request, struct body *body);
struct slice body_string(struct body *body, const char *field,
			 struct body_bounds bounds);
/* required; any bytes but none */
struct slice body_bytes(struct body *body, const char *field);
/* required: an e-mail address, as far as that can be told */
struct slice body_email(struct body *body, const char *field);
/* one of `words` (NULL-ended), or `absent` when it is not there */
struct slice body_word(struct body *body, const char *field, const char *const *words,
		       const char *absent);
/* required: a list of one or more of `words` (NULL-ended, at most 32), as bits by
 * place; 0 when it is none */
unsigned body_words(struct body *body, const char *field, const char *const *words);
/* an integer, or `absent` when it is not there */
struct body_range {
	int64_t min, max, absent;
};
int64_t body_int(struct body *body, const char *field, struct body_range range);
/* a boolean, or false when it is not there */
bool body_bool(struct body *body, const char *field);
/* required: an id, as a number or a text; 0 when it is none */
int64_t body_id(struct body *body, const char *field);
/* required: 1 to max fingerprints, as PostgreSQL's text of a bigint array */
struct slice body_fingerprints(struct body *body, const char *field, size_t max);
/* RFC 3339, from now on or before; ptr NULL when it is absent or null, else
 * microseconds since the epoch, as decimal text for SQL */
struct slice body_time(struct body *body, const char *field);
bool body_has(const struct body *body, const char *field);
/* says that a field is wrong; detail must be static */
void body_complain(struct body *body, const char *field, const char *detail);
/* frees the object; false: fields were wrong, and 422 was answered */
MUST_CHECK bool body_done(struct body *body);

#endif
