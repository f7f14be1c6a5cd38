/* tail_mark.h - where files have been read to: stored positions, and files let go
 *
 * Threads: one owner at a time. Owner: tail_marks_deinit frees.
 * Limits: TAIL_MARKS_MAX; beyond it the oldest of every TAIL_MARKS_FORGET are
 *         forgotten. Finding one costs the same however many there are.
 */
#ifndef SIFTD_SOURCES_TAIL_MARK_H
#define SIFTD_SOURCES_TAIL_MARK_H

#include "base/table.h"
#include "sources/port.h"
#include "sources/tail_file.h"

#define TAIL_MARKS_MAX 65536
#define TAIL_MARKS_FORGET 8

struct tail_mark {
	char name[TAIL_NAME_MAX];
	char *path; /* the file's own, also when a link led to it */
	uint64_t path_hash;
	struct tail_identity id;
	int64_t offset;
	bool coded;          /* the offset counts decoded bytes */
	int64_t coded_bytes; /* of the file, when all of it was read; else 0 */
	bool gone;       /* its file has no name any more: only copies of it matter */
	uint64_t stream; /* while it waits for its commit */
	uint64_t number; /* the later it was added, the higher */
	size_t next;     /* of the same inode; SIZE_MAX: none */
};

struct tail_marks {
	struct tail_mark *items;
	size_t count;
	size_t capacity;
	struct table by_name;  /* hash of the name -> index */
	struct table by_inode; /* device and inode, mixed -> index of the newest */
	uint64_t numbers;
};

void tail_marks_deinit(struct tail_marks *marks);
/* replaces what is there; rows that cannot be read are logged and left out */
void tail_marks_load(struct tail_marks *marks,
		     const struct stored_positions *positions);
/* in place of what is there of the same stream */
void tail_marks_add(struct tail_marks *marks, const struct tail_file *file, bool gone);
/* moves a mark from one to the other */
void tail_marks_move(struct tail_marks *from, size_t index, struct tail_marks *to);
/* the newest mark that the file agrees with, or NULL; it stays in marks */
const struct tail_mark *tail_marks_find(const struct tail_marks *marks,
					const struct tail_file *file);
const struct tail_mark *tail_marks_named(const struct tail_marks *marks,
					 const char *name);

#endif
