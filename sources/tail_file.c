/* tail_file.c - identity and reading of one file
 *
 * The first bytes are hashed again before each read: a copytruncate between two reads
 * that has already grown past our offset is found by nothing else. It costs one read of
 * head_bytes out of the page cache per chunk.
 */
#include "sources/tail_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash64.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "sources/decompress.h"
#include "sources/tail_coded.h"
#include "sources/utf16.h"

#define TARGET_BYTES 4096
#define SUM_BEHIND_MAX (INT64_C(4) << 20)

static int64_t birth_of(int fd)
{
	struct statx stx = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0 ||
	    (stx.stx_mask & STATX_BTIME) == 0)
		return 0;
	return (int64_t)stx.stx_btime.tv_sec * 1000000 + stx.stx_btime.tv_nsec / 1000;
}

/* asked of the descriptor, since a link may lead elsewhere by now */
static char *target_of(int fd, const char *path)
{
	char link[32];
	char target[TARGET_BYTES];
	ssize_t len = 0;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* fits */
	len = readlink(link, target, sizeof(target));
	if (len <= 0 || (size_t)len == sizeof(target) ||
	    slice_equal(slice_of(target, (size_t)len), slice_str(path)))
		return NULL;
	return mem_slice_dup(slice_of(target, (size_t)len));
}

void tail_file_set_path(struct tail_file *file, const char *path)
{
	mem_free(file->path);
	mem_free(file->target);
	file->path = mem_strdup(path);
	file->path_hash = hash64(slice_str(path), 0);
	file->target = target_of(file->fd, path);
}

int tail_file_open(const char *path, bool follow_symlink, struct tail_file **out,
		   struct error *error)
{
	struct tail_file *file = NULL;
	struct stat st = { 0 };
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY |
				    (follow_symlink ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return error_set_errno(error, "open");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd); /* only read from */
		return error_set(error, "not a regular file any more");
	}
	file = mem_calloc(1, sizeof(*file));
	file->fd = fd;
	tail_file_set_path(file, path);
	file->watch = -1;
	file->id = (struct tail_identity){
		.device = st.st_dev,
		.inode = st.st_ino,
		.birth_us = birth_of(fd),
	};
	tail_file_begin_generation(file);
	*out = file;
	return 0;
}

void tail_file_free(struct tail_file **file)
{
	if (*file == NULL)
		return;
	tail_coded_free(&(*file)->coded);
	(void)close((*file)->fd); /* only read from */
	mem_free((*file)->path);
	mem_free((*file)->target);
	mem_free(*file);
	*file = NULL;
}

void tail_file_begin_generation(struct tail_file *file)
{
	(void)snprintf(file->name, sizeof(file->name),
		       "%" PRIx64 ":%" PRIu64 ":%" PRId64, file->id.device,
		       file->id.inode, clock_now_us()); /* 16 + 20 + 20 + 2 fit */
	file->id.head_len = 0;
	file->id.head_hash = 0;
	file->id.sum = (struct tail_sum){ 0 };
	file->stream = 0;
	file->first = 0;
	file->offset = 0;
	tail_coded_free(&file->coded);
	file->coded_bytes = 0;
	file->is_own = false;
	file->dirty = true;
}

int64_t tail_file_size(const struct tail_file *file)
{
	struct stat st = { 0 };

	return fstat(file->fd, &st) < 0 ? 0 : st.st_size;
}

/* fewer bytes than asked for only at the end of the file; -1 with errno set */
static ssize_t read_at(int fd, char *into, size_t len, int64_t offset)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, into + got, len - got, offset + (int64_t)got);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return got == 0 ? -1 : (ssize_t)got;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* TAIL_HEAD_OTHER: the file has fewer bytes */
static enum tail_head hash_head(int fd, uint64_t len, uint64_t *out)
{
	char head[TAIL_HEAD_BYTES_MAX];
	ssize_t n = 0;

	if (len > sizeof(head))
		return TAIL_HEAD_OTHER;
	n = read_at(fd, head, len, 0);
	if (n < 0)
		return TAIL_HEAD_UNREADABLE;
	*out = hash64(slice_of(head, (size_t)n), 0);
	return (uint64_t)n == len ? TAIL_HEAD_SAME : TAIL_HEAD_OTHER;
}

static enum tail_head compare_head(int fd, const struct tail_identity *id)
{
	uint64_t hash = 0;
	enum tail_head head = TAIL_HEAD_SAME;

	if (id->head_len > 0)
		head = hash_head(fd, id->head_len, &hash);
	if (head == TAIL_HEAD_SAME && id->head_len > 0 && hash != id->head_hash)
		head = TAIL_HEAD_OTHER;
	return head;
}

enum tail_head tail_file_compare_head(const struct tail_file *file)
{
	return compare_head(file->fd, &file->id);
}

bool tail_file_is(const struct tail_file *file, const struct tail_identity *id)
{
	if (file->id.device != id->device || file->id.inode != id->inode)
		return false;
	if (file->id.birth_us != 0 && id->birth_us != 0 &&
	    file->id.birth_us != id->birth_us)
		return false;
	return compare_head(file->fd, id) == TAIL_HEAD_SAME;
}

/* the more first bytes are known, the surer is the identity */
void tail_file_extend_head(struct tail_file *file, size_t head_bytes)
{
	uint64_t size = (uint64_t)tail_file_size(file);
	uint64_t len = size < head_bytes ? size : head_bytes;
	uint64_t hash = 0;

	if (len > file->id.head_len &&
	    hash_head(file->fd, len, &hash) == TAIL_HEAD_SAME) {
		file->id.head_len = len;
		file->id.head_hash = hash;
	}
}

/* goes on with the sum to the end of the bytes that were read; what lies before them
 * is still in the page cache, or else the sum stays where it is */
static void add_to_sum(struct tail_file *file, struct slice read)
{
	struct tail_sum *sum = &file->id.sum;
	int64_t end = file->offset + (int64_t)read.len;
	int64_t at = (int64_t)sum->blocks * TAIL_SUM_BYTES;
	char block[TAIL_SUM_BYTES];

	if (file->offset - at > SUM_BEHIND_MAX)
		return;
	for (; at + TAIL_SUM_BYTES <= end; at += TAIL_SUM_BYTES) {
		if (at >= file->offset)
			tail_sum_add(sum, read.ptr + (at - file->offset));
		else if (read_at(file->fd, block, sizeof(block), at) ==
			 (ssize_t)sizeof(block))
			tail_sum_add(sum, block);
		else
			return;
	}
}

static enum tail_outcome failed(struct error *error)
{
	(void)error_set_errno(error, "read"); /* the outcome says it failed */
	return TAIL_FAILED;
}

static void fill_item(struct chunk *chunk, int64_t offset, size_t len)
{
	struct chunk_item *item = chunk_add_item(chunk);

	chunk->data_len = len;
	item->len = len;
	item->begin.offset = offset;
	item->end.offset = offset + (int64_t)len;
	item->observed_timestamp_us = clock_now_us();
}

bool tail_file_is_compressed(const struct tail_file *file)
{
	char begin[4];
	ssize_t n = read_at(file->fd, begin, sizeof(begin), 0);

	return n > 0 && !decompress_is_plain(slice_of(begin, (size_t)n));
}

size_t tail_file_head(const struct tail_file *file, char *into)
{
	ssize_t n = read_at(file->fd, into, TAIL_HEAD_BYTES_MAX, 0);

	return n < 0 ? 0 : (size_t)n;
}

bool tail_file_is_utf16(const struct tail_file *file)
{
	char begin[4];
	ssize_t n = read_at(file->fd, begin, sizeof(begin), 0);

	return n > 0 && utf16_begins(slice_of(begin, (size_t)n));
}

enum tail_outcome tail_file_read(struct tail_file *file,
				 const struct tail_limits *limits, struct chunk **out,
				 struct error *error)
{
	int64_t size = tail_file_size(file);
	size_t room = limits->read_bytes;
	enum tail_head head = tail_file_compare_head(file);
	struct chunk *chunk = NULL;
	ssize_t n = 0;

	if (head == TAIL_HEAD_UNREADABLE)
		return failed(error);
	if (size < file->offset || head == TAIL_HEAD_OTHER)
		return TAIL_REPLACED;
	if (size == file->offset)
		return TAIL_NOTHING;
	/* it may have been empty when it was taken up */
	if (file->offset == 0 && tail_file_is_compressed(file))
		return TAIL_COMPRESSED;
	tail_file_extend_head(file, limits->head_bytes);
	if ((uint64_t)(size - file->offset) < room)
		room = (size_t)(size - file->offset);
	chunk = chunk_new(0, room);
	n = read_at(file->fd, chunk->data, room, file->offset);
	if (n <= 0) {
		enum tail_outcome outcome = n == 0 ? TAIL_NOTHING : failed(error);

		chunk_free(&chunk);
		return outcome;
	}
	add_to_sum(file, slice_of(chunk->data, (size_t)n));
	fill_item(chunk, file->offset, (size_t)n);
	file->offset += n;
	*out = chunk;
	return TAIL_DATA;
}

char *tail_file_detail(const struct tail_file *file)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_init(&buf);

	json_object_begin(&out);
	json_key_string(&out, "path", slice_str(file->path));
	if (file->target != NULL)
		json_key_string(&out, "target", slice_str(file->target));
	json_key_int(&out, "birth_us", file->id.birth_us);
	json_key_uint(&out, "head_len", file->id.head_len);
	json_key_hex64(&out, "head_hash", file->id.head_hash);
	if (file->coded != NULL) {
		json_key_int(&out, "coded_bytes", file->coded_bytes);
	} else {
		json_key_uint(&out, "sum_blocks", file->id.sum.blocks);
		json_key_hex64(&out, "sum_hash", file->id.sum.hash);
	}
	json_object_end(&out);
	return buf_take(&buf);
}
