/* tail_copy.h - reads a copy of a log once: what was read of the log is not stored
 * again
 *
 * Copies are compressed files, and those that copytruncate makes.
 *
 * Threads: one owner at a time. Owner: the file owns its tail_coded; origins are
 *          borrowed. Limits: at most tail_limits.read_bytes come out of one call.
 *
 * Offsets of its stream count decoded bytes. A copy's stream begins with as many bytes
 * as its origin's has stored, as duplicates (DROP_DUPLICATE). States:
 *
 *   LOOK    until enough bytes are there to tell of which log it is a copy; and while
 *           that log is still read
 *   CHECK   all of it is decoded, and held against the sum of what was read of that log
 *   READ    its bytes are lines that nobody has read
 *
 * A file is complete when a member or frame ends where the file does, or when it ends
 * in the middle and did not grow for linger_ms.
 */
#ifndef SIFTD_SOURCES_TAIL_COPY_H
#define SIFTD_SOURCES_TAIL_COPY_H

#include "sources/tail_file.h"
#include "sources/tail_origin.h"

/* the chunk's stream and project are left to the caller; file->offset is moved on. The
 * file has its coded. */
enum tail_outcome tail_copy_read(struct tail_file *file,
				 const struct tail_limits *limits,
				 const struct tail_origins *origins, struct chunk **out,
				 struct error *error);
/* does a file of which nothing was read begin like a log that was? */
bool tail_copy_suspected(const struct tail_file *file,
			 const struct tail_origins *origins);
/* of UTF-16: decodes all that is there, to know where reading begins */
void tail_copy_skip(struct tail_file *file);
/* may a call give more than nothing? */
bool tail_copy_pending(const struct tail_file *file);

#endif
