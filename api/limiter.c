/* limiter.c - token buckets, set-associative: no allocation, no growth */
#include "api/limiter.h"

#include <stddef.h>

#include "base/mem.h"

#define WAYS 8
#define SETS (LIMITER_SLOTS / WAYS)
#define MINUTE_US (INT64_C(60) * 1000000)

/* tokens are kept in microseconds of refill: a full bucket is one minute, a request
 * costs a minute / per_minute */
struct bucket {
	uint64_t key;
	int64_t filled_us; /* 0..MINUTE_US */
	int64_t used_us;   /* when filled_us was true; 0: free slot */
};

struct limiter {
	struct bucket buckets[SETS][WAYS];
	uint64_t forgotten;
};

struct limiter *limiter_new(void)
{
	return mem_calloc(1, sizeof(struct limiter));
}

void limiter_free(struct limiter **limiter)
{
	mem_free(*limiter);
	*limiter = NULL;
}

static struct bucket *find(struct bucket *set, uint64_t key)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].used_us != 0 && set[i].key == key)
			return &set[i];
	}
	return NULL;
}

static struct bucket *claim(struct limiter *limiter, struct bucket *set, uint64_t key,
			    int64_t now_us)
{
	struct bucket *oldest = &set[0];

	for (size_t i = 1; i < WAYS; i++) {
		if (set[i].used_us < oldest->used_us)
			oldest = &set[i];
	}
	/* a bucket unused for a minute is full: forgetting it changes nothing */
	if (oldest->used_us > now_us - MINUTE_US)
		limiter->forgotten++;
	*oldest = (struct bucket){ .key = key,
				   .filled_us = MINUTE_US,
				   .used_us = now_us };
	return oldest;
}

static void refill(struct bucket *bucket, int64_t now_us)
{
	int64_t passed = now_us - bucket->used_us;

	if (passed > MINUTE_US - bucket->filled_us)
		passed = MINUTE_US - bucket->filled_us;
	if (passed > 0)
		bucket->filled_us += passed;
	bucket->used_us = now_us;
}

static struct limiter_verdict judge(struct limiter *limiter, uint64_t key,
				    unsigned per_minute, int64_t now_us, bool take)
{
	struct bucket *set = limiter->buckets[key % SETS];
	struct bucket *bucket = find(set, key);
	int64_t cost = MINUTE_US / per_minute;
	struct limiter_verdict verdict = { .limit = per_minute };

	if (bucket == NULL)
		bucket = claim(limiter, set, key, now_us);
	refill(bucket, now_us);
	verdict.allowed = bucket->filled_us >= cost;
	if (verdict.allowed && take)
		bucket->filled_us -= cost;
	verdict.remaining = (unsigned)(bucket->filled_us / cost);
	if (verdict.allowed)
		verdict.reset_s =
			(unsigned)((MINUTE_US - bucket->filled_us + 999999) / 1000000);
	else
		verdict.reset_s =
			(unsigned)((cost - bucket->filled_us + 999999) / 1000000);
	return verdict;
}

struct limiter_verdict limiter_take(struct limiter *limiter, uint64_t key,
				    unsigned per_minute, int64_t now_us)
{
	return judge(limiter, key, per_minute, now_us, true);
}

struct limiter_verdict limiter_look(struct limiter *limiter, uint64_t key,
				    unsigned per_minute, int64_t now_us)
{
	return judge(limiter, key, per_minute, now_us, false);
}

uint64_t limiter_forgotten(const struct limiter *limiter)
{
	return limiter->forgotten;
}
