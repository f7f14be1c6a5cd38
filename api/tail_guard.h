/* tail_guard.h - whether those who listen still may
 *
 * Threads: the loop thread only.
 * Owner: a pass is its maker's, until tail_pass_end or until `revoked` was called; none
 *        is left at tail_guard_free.
 * Limits: as many passes as there are listeners; one question at a time for all of
 * them.
 *
 * The gate judges a request once, but a tail goes on for minutes. Every interval_us one
 * statement asks which of all tails have lost their right: the session ended, the key
 * was revoked or expired, the member left, the project went. While the database is away
 * none ends: nothing comes from it either.
 */
#ifndef SIFTD_API_TAIL_GUARD_H
#define SIFTD_API_TAIL_GUARD_H

#include <stdint.h>

#include "api/request.h"

struct event_base;
struct pg_pool;
struct tail_guard;

/* is called once, and the pass is gone; not from inside of tail_pass_begin */
typedef void tail_revoked_fn(void *context);

/* plain data, which must stay in its place */
struct tail_pass {
	struct tail_pass *previous, *next;
	uint64_t number;
	const struct caller *caller;
	tail_revoked_fn *revoked;
	void *context;
};

struct tail_guard *tail_guard_new(struct event_base *base, struct pg_pool *pool,
				  int64_t interval_us);
void tail_guard_free(struct tail_guard **guard);
/* tails that were ended for want of a right */
uint64_t tail_guard_revoked(const struct tail_guard *guard);

/* pass: caller, revoked and context are set; the caller must live as long */
void tail_pass_begin(struct tail_guard *guard, struct tail_pass *pass);
void tail_pass_end(struct tail_guard *guard, struct tail_pass *pass);

#endif
