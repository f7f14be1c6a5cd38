/* spool_reader.h - reads one partition of the spool into chunks, on a thread of its own
 *
 * Threads: all calls on the loop; stop waits for the thread, hence for a put that
 * waits. Owner: spool_reader_free frees; log, sink and stats are the caller's and
 * outlive it. Limits: chunks of CHUNK_BYTES_MAX; one larger frame makes one larger
 * chunk.
 *
 * A position is the frame's offset in the log, and an offset inside its payload.
 */
#ifndef SIFTD_SOURCES_SPOOL_READER_H
#define SIFTD_SOURCES_SPOOL_READER_H

#include <stdbool.h>

#include "sources/port.h"
#include "sources/spool_log.h"

struct spool_reader;

struct spool_reader_config {
	struct spool_log *log;
	const char *host_id;
	const char *source;
	size_t partition;
	const struct source_sink *sink;
	struct source_stats *stats;
};

/* the stream's name in source_positions: "partition-N" */
#define SPOOL_STREAM_NAME_MAX 32
void spool_stream_name(size_t partition, char out[SPOOL_STREAM_NAME_MAX]);

struct spool_reader *spool_reader_new(const struct spool_reader_config *config);
MUST_CHECK int spool_reader_start(struct spool_reader *reader, struct position from,
				  struct error *error);
void spool_reader_stop(struct spool_reader *reader);
void spool_reader_free(struct spool_reader **reader);
/* stored: NULL when there is none; reading begins where it began at start */
void spool_reader_rewind(struct spool_reader *reader, const struct position *stored);
/* is this stream the one that it reads now? */
bool spool_reader_reads(struct spool_reader *reader, uint64_t stream);

#endif
