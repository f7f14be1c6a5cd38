/* compact_clear.h - which events of a shared block stay when an ingestion is deleted
 *
 * Threads: any. Pure. Owner: what is returned lies in the arena.
 */
#ifndef SIFTD_DAEMON_COMPACT_CLEAR_H
#define SIFTD_DAEMON_COMPACT_CLEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* runs: "0:events 1:events ...", 1 for those that stay, as siftd.block_to_clear writes
 * it. What it does not name stays. */
const bool *compact_clear_stays(struct arena *arena, struct slice runs, int64_t events);

#endif
