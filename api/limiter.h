/* limiter.h - token buckets in a table of fixed size
 *
 * Threads: one owner at a time; the time is passed in.
 * Owner: limiter_free frees.
 * Limits: LIMITER_SLOTS buckets. Where all places of a key are taken, the bucket that
 *         was used longest ago is forgotten (counted): who it stood for starts anew.
 */
#ifndef SIFTD_API_LIMITER_H
#define SIFTD_API_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define LIMITER_SLOTS 16384

struct limiter;

/* what is left after a request was judged; for the RateLimit headers */
struct limiter_verdict {
	bool allowed;
	unsigned limit; /* requests a minute, which is also the burst */
	unsigned remaining;
	unsigned reset_s; /* until the next request is allowed, or the bucket is full */
};

struct limiter *limiter_new(void);
void limiter_free(struct limiter **limiter);
/* takes one request from the bucket of `key` (a hash of who and what for). per_minute
 * is above 0, and the same for every call with that key */
struct limiter_verdict limiter_take(struct limiter *limiter, uint64_t key,
				    unsigned per_minute, int64_t now_us);
/* as limiter_take, but takes nothing */
struct limiter_verdict limiter_look(struct limiter *limiter, uint64_t key,
				    unsigned per_minute, int64_t now_us);
uint64_t limiter_forgotten(const struct limiter *limiter);

#endif
