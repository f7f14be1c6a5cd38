/* file_gone.h - whether the file of a stored position is gone for good
 *
 * Threads: any; each look is one thread's. It reads folders, so not the loop's.
 * Owner: file_gone_free; the patterns are borrowed until then.
 * Limits: what the patterns name.
 *
 * A file is gone when neither the patterns of its source nor the folders that it was
 * read in lead to its inode, and these folders, or what is left of their paths, are on
 * the device that it was on: a file system that is not mounted says nothing.
 */
#ifndef SIFTD_DAEMON_FILE_GONE_H
#define SIFTD_DAEMON_FILE_GONE_H

#include <stdbool.h>
#include <stddef.h>

struct file_gone;

/* looks at what the patterns lead to now */
struct file_gone *file_gone_new(const char *const *patterns, size_t count);
void file_gone_free(struct file_gone **look);
/* stream: device and inode, as sources/tail_file.c names it; path, and the target of a
 * link or NULL: where it was read last. false also when that cannot be told */
bool file_gone_is(struct file_gone *look, const char *stream, const char *path,
		  const char *target);

#endif
