/* upload_reader.h - reads complete uploads into chunks, on a thread of its own
 *
 * Threads: all calls on the loop; stop waits for the thread, hence for a put that
 * waits. Owner: upload_reader_free; what the config points at outlives it. Limits: one
 * upload at a time; chunks of CHUNK_BYTES_MAX.
 *
 * A stream is an upload, named by its id; a position is an offset in the plain bytes,
 * so that a compressed one is unpacked again from its beginning after a restart.
 */
#ifndef SIFTD_SOURCES_UPLOAD_READER_H
#define SIFTD_SOURCES_UPLOAD_READER_H

#include "sources/port.h"
#include "sources/upload_file.h"

struct upload_reader;

struct upload_reader_config {
	const char *folder;
	const char *host_id;
	const char *source;
	const struct source_sink *sink;
	struct source_stats *stats;
};

struct upload_reader *upload_reader_new(const struct upload_reader_config *config);
MUST_CHECK int upload_reader_start(struct upload_reader *reader, struct error *error);
void upload_reader_stop(struct upload_reader *reader);
void upload_reader_free(struct upload_reader **reader);
/* a complete upload, to be read from there on */
void upload_reader_add(struct upload_reader *reader, const struct upload_file *file,
		       int64_t from);
/* forgets all that it was given; what it reads now is left */
void upload_reader_clear(struct upload_reader *reader);
/* the id of the upload whose stream that is, and whether the position is its end;
 * false: it is no stream of the moment */
bool upload_reader_finished(struct upload_reader *reader, uint64_t stream,
			    int64_t offset, char id[UPLOAD_ID_LEN + 1]);

#endif
