/* spool_writer.h - the thread that writes appends and makes them durable in groups
 *
 * Threads: room, submit, committed and take_done on the loop; writing, fdatasync and
 *          deletion on the writer's thread. Owner: a submitted request belongs to the
 *          writer until take_done gives it back. The logs are the caller's.
 * Limits: spool_limits.bytes_max for all segments and what is queued, and
 *         SPOOL_QUEUE_BYTES_MAX for what is queued in memory (one larger append is
 *         taken when nothing else is queued). While writing fails there is no room.
 *
 * A group that cannot be written or synced is kept and tried again, with waits that
 * grow from SPOOL_RETRY_MS_MIN to SPOOL_RETRY_MS_MAX; nothing overtakes it.
 */
#ifndef SIFTD_SOURCES_SPOOL_WRITER_H
#define SIFTD_SOURCES_SPOOL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sources/port.h"
#include "sources/spool_log.h"
#include "sources/spool_request.h"

#define SPOOL_RETRY_MS_MIN 100
#define SPOOL_RETRY_MS_MAX 5000
#define SPOOL_QUEUE_BYTES_MAX ((size_t)128 * 1024 * 1024)

struct spool_writer;

struct spool_limits {
	uint64_t segment_bytes;
	uint64_t bytes_max;
	unsigned sync_delay_us;
	struct source_stats *stats; /* errors are counted in it */
};

/* logs: an array that outlives the writer */
MUST_CHECK int spool_writer_start(struct spool_log **logs, size_t count,
				  const struct spool_limits *limits,
				  struct spool_writer **out, struct error *error);
/* writes what is queued, then ends the thread; what cannot be written at once comes
 * back with an error. take_done still works */
void spool_writer_stop(struct spool_writer *writer);
void spool_writer_free(struct spool_writer **writer);
/* is there room for an append of that many bytes? Room does not shrink before submit */
MUST_CHECK bool spool_writer_room(struct spool_writer *writer, size_t len);
void spool_writer_submit(struct spool_writer *writer, struct spool_request *request);
/* everything of the partition before offset may go */
void spool_writer_committed(struct spool_writer *writer, size_t partition,
			    uint64_t offset);
/* readable when take_done has something, or room was made */
int spool_writer_fd(const struct spool_writer *writer);
struct spool_request *spool_writer_take_done(struct spool_writer *writer);
uint64_t spool_writer_bytes(struct spool_writer *writer);

#endif
