/* file_tail.h - reads log files as they grow, through rotation and truncation
 *
 * Threads: as port.h says; files are read on one thread of the source's own.
 * Owner: the caller sets source->sink before start, and frees by ops->free; the
 *        configuration is copied.
 * Limits: file_tail_config. More files than files_max: the others wait, and that is
 *         logged. stop() waits for the thread, hence for a put that waits: the wiring
 *         lets puts fail first.
 *
 * Each file is one stream of bytes, in chunks of one item. A file that the patterns no
 * longer name, or that was deleted, is read to its end and closed when it gave nothing
 * for linger_ms; its descriptor is kept until all of it is committed, so that a rewind
 * finds it. A file that became shorter, or whose first bytes changed, is a new stream
 * from 0; how many bytes were lost with the old one nobody can know, so it is logged
 * and counted as an error. See docs/file_tail.md.
 */
#ifndef SIFTD_SOURCES_FILE_TAIL_H
#define SIFTD_SOURCES_FILE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/port.h"

enum tail_start { TAIL_START_BEGINNING, TAIL_START_END };

struct file_tail_config {
	const char *name;
	const char *host_id;
	const char *const *globs; /* of glob(7), absolute */
	size_t globs_count;
	const char *const *excludes; /* of fnmatch(3); without a slash: of the name */
	size_t excludes_count;
	/* of files that are there when the source starts for the first time ever; files
	 * that appear later are read from their beginning */
	enum tail_start start_at;
	int64_t project_id;
	int64_t ingestion_id;
	unsigned rescan_ms;
	unsigned linger_ms;
	size_t read_bytes;       /* of a chunk, at most CHUNK_BYTES_MAX */
	size_t head_bytes;       /* that tell files apart, at most 64 KiB */
	uint64_t ignore_older_s; /* 0: read files of any age */
	size_t files_max;
	bool follow_symlinks; /* else they are skipped */
	bool poll_only;       /* do without inotify: its events miss other hosts' */
};

/* no globs, everything else at its default: for the caller to fill */
struct file_tail_config file_tail_defaults(void);
MUST_CHECK int file_tail_new(const struct file_tail_config *config, struct source **out,
			     struct error *error);

#endif
