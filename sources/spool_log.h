/* spool_log.h - one partition of the spool: segments that are appended to, read,
 * deleted
 *
 * Threads: one writer thread (write, sync, abandon, trim), one reader thread (wait,
 *          open_at); interrupt, resume_at and durable from any. A mutex guards what
 *          they share. Owner: spool_log_close frees; the files stay.
 * Limits: the segments' sizes are the writer's choice (roll).
 *
 *   log  [ segment | segment | active segment                    ]
 *                                     durable ^     written ^
 *
 * Readers see what is durable only.
 */
#ifndef SIFTD_SOURCES_SPOOL_LOG_H
#define SIFTD_SOURCES_SPOOL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/error.h"

struct spool_log;

/* a piece of the log that lies in one file */
struct spool_piece {
	uint64_t base;  /* of the segment */
	uint64_t begin; /* where to read; behind what was asked for if bytes are missing
			 */
	uint64_t end;   /* durable so far */
	int fd;         /* the caller closes it */
};

/* makes the folder when it is not there; cuts off what a crash left half written */
MUST_CHECK int spool_log_open(const char *folder, struct spool_log **out,
			      struct error *error);
void spool_log_close(struct spool_log **log);
/* of all segments */
uint64_t spool_log_bytes(struct spool_log *log);
uint64_t spool_log_first(struct spool_log *log);
uint64_t spool_log_durable(struct spool_log *log);

/* the log goes on at offset, which is behind its end: what was before is lost */
void spool_log_resume_at(struct spool_log *log, uint64_t offset);
/* where the next write goes, in a new segment if the active one has reached that size
 */
MUST_CHECK int spool_log_begin(struct spool_log *log, uint64_t segment_bytes,
			       uint64_t *offset, struct error *error);
/* behind what was written before; iov is used up */
MUST_CHECK int spool_log_write(struct spool_log *log, struct iovec *iov, size_t count,
			       struct error *error);
/* what was written is durable now, and readers see it */
MUST_CHECK int spool_log_sync(struct spool_log *log, struct error *error);
/* takes back what is not durable; what is written next goes to a new file */
void spool_log_abandon(struct spool_log *log);
/* deletes segments that lie before offset; the active one too if it has min_bytes.
 * Returns the bytes freed */
uint64_t spool_log_trim(struct spool_log *log, uint64_t offset, uint64_t min_bytes);

/* waits until there is something durable at or behind offset; false: interrupted */
bool spool_log_wait(struct spool_log *log, uint64_t offset);
/* wakes the waiting reader, now or when it waits next */
void spool_log_interrupt(struct spool_log *log);
/* the piece in which offset lies, or the first one behind it */
MUST_CHECK int spool_log_piece(struct spool_log *log, uint64_t offset,
			       struct spool_piece *out, struct error *error);

#endif
