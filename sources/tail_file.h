/* tail_file.h - one tailed file: its identity, where it has been read to, reading on
 *
 * Threads: one owner at a time. Owner: tail_file_free closes and frees.
 * Limits: reads at most tail_limits.read_bytes at once; the identity looks at the first
 *         tail_limits.head_bytes bytes.
 *
 * A file is told from another by device, inode, birth time (where the file system keeps
 * it) and a hash of its first bytes: inodes are used again, and copytruncate begins a
 * new log inside the old inode. A generation is one run of bytes under one identity,
 * and one stream: "device:inode:stamp", the stamp being the time when it was first
 * seen.
 */
#ifndef SIFTD_SOURCES_TAIL_FILE_H
#define SIFTD_SOURCES_TAIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline/chunk.h"

#define TAIL_HEAD_BYTES_MAX ((size_t)65536)
#define TAIL_NAME_MAX 64

struct tail_identity {
	uint64_t device;
	uint64_t inode;
	int64_t birth_us; /* 0: not known */
	uint64_t head_len;
	uint64_t head_hash;
};

struct tail_limits {
	size_t read_bytes;
	size_t head_bytes;
};

struct tail_file {
	char *path;
	char *target; /* what the path led to, NULL if that is the path itself */
	char name[TAIL_NAME_MAX]; /* of the stream */
	int fd;
	struct tail_identity id;
	uint64_t stream; /* 0: no chunk of this generation was put yet */
	int64_t first;   /* where this generation is read from when nothing is stored */
	int64_t offset;  /* where reading goes on */
	bool dirty;      /* there may be something to read */
	bool listed;     /* the patterns still name it */
	bool finished;   /* chunk.last was put; waits for its commit */
	bool troubled;   /* a failure to read was logged */
	int watch;
	int64_t quiet_since_us; /* monotonic: when it last gave bytes */
};

enum tail_outcome {
	TAIL_NOTHING,
	TAIL_DATA,
	TAIL_COMPRESSED, /* begins like gzip or zstd: no lines to be had */
	TAIL_REPLACED,   /* shorter than what was read, or other first bytes */
	TAIL_FAILED
};

/* the generation is new and begins at 0 */
MUST_CHECK int tail_file_open(const char *path, bool follow_symlink,
			      struct tail_file **out, struct error *error);
/* it is found under another path now */
void tail_file_set_path(struct tail_file *file, const char *path);
void tail_file_free(struct tail_file **file);
/* is the file that the identity describes: same inode, birth and first bytes */
bool tail_file_is(const struct tail_file *file, const struct tail_identity *id);
/* do its first bytes say gzip or zstd? */
bool tail_file_is_compressed(const struct tail_file *file);
int64_t tail_file_size(const struct tail_file *file);
/* from here on another log in the same inode, read from 0 */
void tail_file_begin_generation(struct tail_file *file);
/* a chunk of the next bytes, its stream and project left to the caller; offset is moved
 * on */
enum tail_outcome tail_file_read(struct tail_file *file,
				 const struct tail_limits *limits, struct chunk **out,
				 struct error *error);
/* the identity's JSON, kept beside the position; the caller frees */
char *tail_file_detail(const struct tail_file *file);

#endif
