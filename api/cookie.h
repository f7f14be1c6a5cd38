/* cookie.h - a session in a cookie, for the web page
 *
 * Threads: the loop thread only.
 *
 * A cookie comes by itself with whatever a page of any origin asks for, so a request
 * that changes something must also carry the session's CSRF token in the header
 * X-CSRF-Token. It is derived from the session's token (token.h), which no script can
 * read. SameSite=Strict stands before that.
 */
#ifndef SIFTD_API_COOKIE_H
#define SIFTD_API_COOKIE_H

#include "api/request.h"

/* the session's token, which borrows from the request; false: there is none */
bool cookie_read(const struct request *request, struct slice *token);
bool cookie_has_csrf_token(const struct request *request, struct slice token);
/* of the answer: the browser keeps the token so long, out of reach of scripts; 0 s: it
 * forgets it */
void cookie_set(struct request *request, const char *token, int64_t lifetime_s);

#endif
