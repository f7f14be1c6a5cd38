/* cors.h - pages of other origins that may call (Fetch standard, section 3.2)
 *
 * Threads: the loop thread only. Owner: cors_free; the origins are copied.
 * Limits: none of its own; the list of the configuration is bounded.
 *
 * Closed unless origins are configured. No credentials of the browser are allowed ever:
 * a page of another origin sends a token of its own, never the session cookie.
 */
#ifndef SIFTD_API_CORS_H
#define SIFTD_API_CORS_H

#include <stdbool.h>
#include <stddef.h>

struct cors;
struct request;

/* origins such as https://logs.example.com, or * for any; NULL when there are none */
struct cors *cors_new(const char *const *origins, size_t count);
void cors_free(struct cors **cors);
/* of any answer: says whether the page that asks may read it */
void cors_set_origin(struct request *request);
/* a browser asks before it sends the real request */
bool cors_is_preflight(const struct request *request);
/* of the answer to that: with which methods and headers it may come */
void cors_set_methods(struct request *request, const char *methods);

#endif
