/* push_once.h - pushes with an Idempotency-Key that are under way
 *
 * What was answered lies in the database; this table holds what is not answered yet, so
 * that the same push, sent again meanwhile, waits.
 *
 * Threads: the loop thread only; the time is passed in.
 * Limits: PUSH_ONCE_MAX pushes, and PUSH_ONCE_S seconds for each; then a push is no
 *         longer held up by one that never ended. A project has no more places than
 *         are unused: one alone gets half of them, and none takes the last from the
 *         others.
 */
#ifndef SIFTD_API_PUSH_ONCE_H
#define SIFTD_API_PUSH_ONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/token.h"

#define PUSH_ONCE_MAX 1024
#define PUSH_ONCE_S 60

struct push_once {
	struct {
		struct token_hash hash;
		int64_t project_id;
		int64_t until_us; /* 0: free */
	} items[PUSH_ONCE_MAX];
};

enum push_once_place {
	PUSH_ONCE_BEGUN,
	PUSH_ONCE_UNDER_WAY, /* the same push */
	PUSH_ONCE_FULL       /* too many others, of this project or of all */
};

enum push_once_place push_once_begin(struct push_once *once, int64_t project_id,
				     const struct token_hash *hash, int64_t now_us);
void push_once_end(struct push_once *once, const struct token_hash *hash);

#endif
