/* tail_scan.h - which files the patterns of a file_tail source name just now
 *
 * Threads: one owner at a time. Owner: tail_scan_deinit frees; patterns are borrowed
 *          from the configuration; a list is freed by tail_list_deinit.
 * Limits: patterns are those of glob(7) and fnmatch(3); "**" has no special meaning.
 *
 * Only regular files are listed, and links to them if follow_symlinks is set; excludes
 * are held against the link's own name. What else the patterns name is skipped, and the
 * reason is logged once for as long as it lasts.
 */
#ifndef SIFTD_SOURCES_TAIL_SCAN_H
#define SIFTD_SOURCES_TAIL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/table.h"

struct tail_scan {
	const char *source; /* its name, for messages */
	const char *const *globs;
	size_t globs_count;
	const char *const *excludes;
	size_t excludes_count;
	bool follow_symlinks;
	/* hash of a path -> hash of the reason why it was skipped, by the scan before
	 * and by this one */
	struct table skipped_before;
	struct table skipped_now;
};

struct tail_found {
	char *path;
	dev_t device;
	ino_t inode;
	off_t size;
	int64_t mtime_s;
};

struct tail_list {
	struct tail_found *items;
	size_t count;
	size_t capacity;
};

void tail_scan_deinit(struct tail_scan *scan);
/* sorted by pattern, then path; a file named by two patterns is listed twice */
void tail_scan_files(struct tail_scan *scan, struct tail_list *out);
/* the folders in which files that match may appear */
void tail_scan_folders(const struct tail_scan *scan, struct tail_list *out);
/* logs that a path is skipped, unless the scan before said the same of it */
void tail_scan_skip(struct tail_scan *scan, const char *path, const char *reason);
void tail_list_deinit(struct tail_list *list);

#endif
