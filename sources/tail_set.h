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
	struct tail_watch *watch;
};

void tail_set_deinit(struct tail_set *set);
/* takes the file over and watches it */
void tail_set_add(struct tail_set *set, struct tail_file *file);
/* closes the file; the last one moves to its index */
void tail_set_drop(struct tail_set *set, size_t index);
/* NULL: not among them */
struct tail_file *tail_set_by_inode(const struct tail_set *set, uint64_t device,
				    uint64_t inode);
struct tail_file *tail_set_by_watch(const struct tail_set *set, int watch);

#endif
