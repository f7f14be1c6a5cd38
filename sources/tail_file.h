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
#include "sources/tail_sum.h"

#define TAIL_HEAD_BYTES_MAX ((size_t)65536)
#define TAIL_NAME_MAX 64

struct tail_identity {
	uint64_t device;
	uint64_t inode;
	int64_t birth_us; /* 0: not known */
	uint64_t head_len;
	uint64_t head_hash;
	struct tail_sum sum; /* of what was read; kept for copies of it */
};

struct tail_coded;

struct tail_limits {
	size_t read_bytes;
	size_t head_bytes;
	unsigned linger_ms;
};

struct tail_file {
	char *path;
	uint64_t path_hash;
	char *target; /* what the path led to, NULL if that is the path itself */
	char name[TAIL_NAME_MAX]; /* of the stream */
	int fd;
	struct tail_identity id;
	uint64_t stream; /* 0: no chunk of this generation was put yet */
	int64_t first;   /* where this generation is read from when nothing is stored */
	int64_t offset;  /* where reading goes on */
	struct tail_coded *coded; /* reads it when its bytes are not those of lines */
	int64_t coded_bytes;      /* of the file, once all of it is decoded */
	bool dirty;               /* there may be something to read */
	bool listed;              /* the patterns still name it */
	bool finished;            /* chunk.last was put; waits for its commit */
	bool skips;               /* its position is stored before anything is read */
	bool is_own;              /* known to be no copy of another log */
	bool troubled;            /* a failure to read was logged */
	int watch;
	bool ready;             /* among those of its set (tail_set.h) */
	int64_t quiet_since_us; /* monotonic: when it last gave bytes */
};

enum tail_outcome {
	TAIL_NOTHING,
	TAIL_DATA,
	TAIL_MORE,       /* no chunk yet, but there is more to do */
	TAIL_ENDED,      /* complete: nothing more will come, but maybe a chunk */
	TAIL_CORRUPT,    /* the same, and why */
	TAIL_COMPRESSED, /* begins like gzip, zstd or UTF-16: for tail_copy.h */
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
/* the first bytes, at most TAIL_HEAD_BYTES_MAX; how many there are */
size_t tail_file_head(const struct tail_file *file, char *into);
/* does it begin with a byte order mark of UTF-16? */
bool tail_file_is_utf16(const struct tail_file *file);
int64_t tail_file_size(const struct tail_file *file);
/* from here on another log in the same inode, read from 0 */
void tail_file_begin_generation(struct tail_file *file);
/* whether its first bytes are still those that it is known by */
enum tail_head { TAIL_HEAD_SAME, TAIL_HEAD_OTHER, TAIL_HEAD_UNREADABLE };
enum tail_head tail_file_compare_head(const struct tail_file *file);
/* knows it by up to so many first bytes from now on */
void tail_file_extend_head(struct tail_file *file, size_t head_bytes);
/* a chunk of the next bytes, its stream and project left to the caller; offset is moved
 * on */
enum tail_outcome tail_file_read(struct tail_file *file,
				 const struct tail_limits *limits, struct chunk **out,
				 struct error *error);
/* the identity's JSON, kept beside the position; the caller frees */
char *tail_file_detail(const struct tail_file *file);

#endif
