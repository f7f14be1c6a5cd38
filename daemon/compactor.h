/* compactor.h - merges the small blocks that slow streams make, and clears shared ones
 *
 * Threads: the loop thread; blocks are decoded and encoded on a query worker.
 * Owner: compactor_free, once the query workers have ended.
 * Limits: one run at a time, of at most COMPACT_RUN_MAX blocks and what a block holds;
 *         so many merges a turn.
 *
 * A turn goes over the list of small blocks from where the last one ended:
 *
 *	to clear? -> FETCH -> merge, emptied (worker) -> REPLACE -> to clear?
 *	  | none
 *	LIST -> run worth merging? -> FETCH -> merge (worker) -> REPLACE -> next run
 *	  ^          | none, and the list was full                            |
 *	  +----------+---------------------------------------------------------
 *
 * Neighbours of several ingestions become one block, too. When one of these is deleted,
 * the events that it has in such a block are emptied: the block is cleared.
 *
 * REPLACE is one transaction that changes nothing unless the old rows are as they were
 * read: another daemon, a deletion or a crash in between cost the work and no more.
 */
#ifndef SIFTD_DAEMON_COMPACTOR_H
#define SIFTD_DAEMON_COMPACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/compact_runs.h"

struct compactor;
struct pg_pool;
struct query_workers;

struct compactor_config {
	struct compact_limits limits;
	int64_t merges_max; /* a turn */
	int zstd_level;
};

struct compactor_stats {
	uint64_t merges;
	uint64_t blocks_in; /* that were merged away */
	uint64_t events;
	uint64_t cleared; /* blocks, of what a deleted ingestion had in them */
	uint64_t refused; /* the rows were others by then */
	uint64_t damaged; /* runs with a block that cannot be read */
};

/* is called when the turn has ended; more: there is work left, come back soon */
typedef void compactor_fn(void *context, bool more);

struct compactor *compactor_new(struct pg_pool *pool, struct query_workers *workers,
				const struct compactor_config *config);
void compactor_free(struct compactor **compactor);
void compactor_turn(struct compactor *compactor, compactor_fn *done, void *context);
const struct compactor_stats *compactor_stats(const struct compactor *compactor);

#endif
