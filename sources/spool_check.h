/* spool_check.h - looks through a spool that nobody writes to, and mends it
 *
 * Threads: one owner at a time; for commands, it waits for the disk.
 * Owner: spool_check_unlock closes the lock.
 * Limits: one segment is held in memory at a time.
 *
 * Mending never moves a byte, since positions are offsets of the log: damaged bytes are
 * copied to a file beside the partitions and a hole is written over them, which readers
 * pass over and count as a gap. What lies behind the last complete append was never
 * acknowledged, and is cut off.
 */
#ifndef SIFTD_SOURCES_SPOOL_CHECK_H
#define SIFTD_SOURCES_SPOOL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct spool_check {
	uint64_t segments;
	uint64_t frames;
	uint64_t bytes;
	uint64_t first; /* log offsets */
	uint64_t end;
	uint64_t hole_bytes;    /* mended before */
	uint64_t missing_bytes; /* between segments */
	uint64_t corrupt_runs;
	uint64_t corrupt_bytes;
	uint64_t torn_bytes; /* behind the last complete append */
	/* with repair */
	uint64_t mended_bytes;
	uint64_t cut_bytes;
};

/* 1: it is ours until spool_check_unlock; 0: a daemon has it, or there is none; -1 */
MUST_CHECK int spool_check_lock(const char *spool_folder, int *fd, struct error *error);
void spool_check_unlock(int *fd);
/* of one partition's folder. repair: the spool must be locked */
MUST_CHECK int spool_check_partition(const char *folder, bool repair,
				     struct spool_check *out, struct error *error);

#endif
