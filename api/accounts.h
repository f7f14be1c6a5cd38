/* accounts.h - what handlers of accounts have in common: passwords, and the answer
 *
 * Threads: the loop thread only. Owner: the request owns what these keep.
 * Limits: passwords.h; where too many wait the request is answered 503.
 */
#ifndef SIFTD_API_ACCOUNTS_H
#define SIFTD_API_ACCOUNTS_H

#include "api/request.h"
#include "sinks/pg_rows.h"

/* is called once, unless the client has gone or the request was answered for want of
 * memory */
typedef void account_hashed_fn(struct request *request, const char *hash);
typedef void account_verified_fn(struct request *request, bool right);

/* password: lives as long as the request */
void account_hash(struct request *request, struct slice password,
		  account_hashed_fn *done);
/* hash: an empty one is never right; may end with the call */
void account_verify(struct request *request, struct slice hash, struct slice password,
		    account_verified_fn *done);

/* of the one row: user id, name and email, organisation id and name, role */
void account_reply_made(struct request *request, const struct pg_rows *rows);

#endif
