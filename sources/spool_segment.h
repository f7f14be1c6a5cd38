/* spool_segment.h - the files of one spool partition
 *
 * Threads: one owner at a time. Owner: a list's items are the caller's to mem_free.
 * Limits: an append never spans segments, so a segment may be larger than configured.
 *
 * A segment is named by the log offset of its first byte, "00000000000000000000.seg";
 * byte n of the file is byte base + n of the log. Appends go to the last one only.
 */
#ifndef SIFTD_SOURCES_SPOOL_SEGMENT_H
#define SIFTD_SOURCES_SPOOL_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/slice.h"

struct spool_segment {
	uint64_t base;
	uint64_t size;
};

struct spool_segments {
	struct spool_segment *items; /* by base */
	size_t count;
	size_t capacity;
};

/* other files in the folder are left alone */
MUST_CHECK int spool_segments_list(const char *folder, struct spool_segments *out,
				   struct error *error);
/* the descriptor of a new, empty segment whose name is durable; -1 on failure */
MUST_CHECK int spool_segment_create(const char *folder, uint64_t base,
				    struct error *error);
/* the descriptor, for reading, or for writing as well; -1 on failure */
MUST_CHECK int spool_segment_open(const char *folder, uint64_t base, int flags,
				  struct error *error);
MUST_CHECK int spool_segment_remove(const char *folder, uint64_t base,
				    struct error *error);
/* up to len bytes at an offset of the log; fewer only at the end of the file; -1 on
 * failure */
MUST_CHECK ssize_t spool_segment_read(int fd, char *into, size_t len, int64_t at);
/* the end of the last complete append; *corrupt: bytes in front of it that are no frame
 */
MUST_CHECK int spool_segment_scan(int fd, uint64_t base, uint64_t *end,
				  uint64_t *corrupt, struct error *error);
/* makes a folder's names durable */
MUST_CHECK int spool_folder_sync(const char *folder, struct error *error);
/* makes the folder, if it is not there, and its name durable */
MUST_CHECK int spool_folder_make(const char *folder, struct error *error);

#endif
