/* tail_origin.h - of which log that was read is a file a copy?
 *
 * Threads: one owner at a time. Owner: everything is borrowed. Limits: none of its own.
 *
 * Told by the first bytes, decompressed ones: of all logs known whose first bytes they
 * begin with, the one of which the most first bytes are known. Whether all that was
 * read of it is there as well is for the caller to check, by its sum (tail_sum.h).
 */
#ifndef SIFTD_SOURCES_TAIL_ORIGIN_H
#define SIFTD_SOURCES_TAIL_ORIGIN_H

#include "sources/tail_mark.h"
#include "sources/tail_set.h"

/* logs that were read, by how far their reading has come */
struct tail_origins {
	const struct tail_set *set;       /* open */
	const struct tail_marks *leaving; /* over, not all committed */
	const struct tail_marks *marks;   /* over and committed */
};

enum tail_origin {
	ORIGIN_NONE,
	ORIGIN_BUSY, /* still read, or not yet committed: ask again later */
	ORIGIN_FOUND
};

/* the mark is borrowed until the marks change; `file` is never its own origin. When it
 * is compressed its name does not matter, else it must be one that rotation gives:
 * app.log.1, app.log-20260105 or app-20260105.log beside app.log. Two logs may well
 * begin with the same lines, and are two logs. */
enum tail_origin tail_origin_find(const struct tail_origins *origins,
				  const struct tail_file *file, struct slice head,
				  const struct tail_mark **out);

#endif
