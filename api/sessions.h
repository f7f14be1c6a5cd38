/* sessions.h - the logins of an account: opened, listed, ended
 *
 * Threads: the loop thread only.
 */
#ifndef SIFTD_API_SESSIONS_H
#define SIFTD_API_SESSIONS_H

#include "api/request.h"

/* whose password was right */
struct session_owner {
	int64_t user_id;
	struct slice email; /* lives as long as the request */
	bool by_cookie;     /* the token goes to the browser only */
};

/* answers with a new token, or with a cookie and its CSRF token */
void sessions_open(struct request *request, const struct session_owner *owner);

route_handler_fn sessions_list;
route_handler_fn sessions_delete;

#endif
