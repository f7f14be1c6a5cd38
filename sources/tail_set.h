/* tail_set.h - the open files of a file_tail source, each with its watch
 *
 * Threads: one owner at a time. Owner: the set owns its files; tail_set_deinit closes
 *          them. The watch is the caller's. Limits: none of its own; count is there for
 *          the caller's bound.
 */
#ifndef SIFTD_SOURCES_TAIL_SET_H
#define SIFTD_SOURCES_TAIL_SET_H

#include "base/table.h"
#include "sources/tail_file.h"
#include "sources/tail_watch.h"

struct tail_set {
	struct tail_file **files;
	size_t count;
	size_t capacity;
	struct table by_watch; /* watch -> index in files */
	struct table by_inode; /* device and inode, mixed -> index in files */
	/* those that may have something to read, so that a turn costs what is read and
	 * not what is open; in the order in which they became so */
	struct tail_file **ready;
	size_t ready_count;
	size_t ready_capacity;
	size_t unwatched; /* files that inotify has no room for: only scans see them */
	struct tail_watch *watch;
};

void tail_set_deinit(struct tail_set *set);
/* takes the file over and watches it; one of an inode */
void tail_set_add(struct tail_set *set, struct tail_file *file);
/* closes the file; the last one moves to its index */
void tail_set_drop(struct tail_set *set, size_t index);
/* sets dirty */
void tail_set_make_ready(struct tail_set *set, struct tail_file *file);
/* after a turn: out of the ready ones with those that are not dirty, or finished */
void tail_set_settle(struct tail_set *set);
/* NULL: not among them */
struct tail_file *tail_set_by_inode(const struct tail_set *set, uint64_t device,
				    uint64_t inode);
struct tail_file *tail_set_by_watch(const struct tail_set *set, int watch);

#endif
