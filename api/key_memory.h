/* key_memory.h - what the database said of keys that push, and of where they push to
 *
 * An answer is good for KEY_MEMORY_FRESH_S seconds, so that a busy shipper does not ask
 * for each request. While the database is away it is good for longer, until the key
 * expires at most: nobody can revoke it meanwhile, and what is pushed is safe in the
 * spool. All is forgotten when this daemon is asked to delete or revoke something.
 *
 * Threads: the loop thread only; the time is passed in, in microseconds of the
 *          monotonic clock. Owner: key_memory_free; what is found is valid until the
 *          next call.
 * Limits: KEY_MEMORY_KEYS keys and KEY_MEMORY_PLACES names; when one of them is full
 *         all of it is forgotten, and asked for again. KEY_MEMORY_AWAY_S seconds.
 */
#ifndef SIFTD_API_KEY_MEMORY_H
#define SIFTD_API_KEY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define KEY_MEMORY_FRESH_S INT64_C(5)
#define KEY_MEMORY_AWAY_S INT64_C(86400)
#define KEY_MEMORY_KEYS 1024
#define KEY_MEMORY_PLACES 4096
#define KEY_MEMORY_NAME_MAX 200

struct known_key {
	int64_t id;
	int64_t project_id;
	int64_t organisation_id;
	struct slice name;
	int64_t expires_s; /* seconds since the epoch; 0: never */
};

struct key_memory;

struct key_memory *key_memory_new(void);
void key_memory_free(struct key_memory **memory);
/* token_hash: of the whole key. A name that is too long is not kept */
void key_memory_keep(struct key_memory *memory, struct slice token_hash,
		     const struct known_key *key, int64_t now_us);
/* away: the database does not answer. NULL: ask it */
const struct known_key *key_memory_find(struct key_memory *memory,
					struct slice token_hash, bool away,
					int64_t now_us);
/* where pushes of that name go in a project */
void key_memory_keep_place(struct key_memory *memory, int64_t project_id,
			   struct slice name, int64_t ingestion_id, int64_t now_us);
/* 0: not known */
int64_t key_memory_find_place(struct key_memory *memory, int64_t project_id,
			      struct slice name, bool away, int64_t now_us);
void key_memory_clear(struct key_memory *memory);
void key_memory_write_metrics(const struct key_memory *memory, struct buf *out);

#endif
