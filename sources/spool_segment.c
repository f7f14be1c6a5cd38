/* spool_segment.c - names, creation and the scan after a crash */
#include "sources/spool_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "sources/spool_format.h"

#define NAME_DIGITS 20
#define PATH_MAX_BYTES 4096
#define SCAN_BYTES ((size_t)1024 * 1024)

static bool parse_name(const char *name, uint64_t *base)
{
	if (strspn(name, "0123456789") != NAME_DIGITS ||
	    strcmp(name + NAME_DIGITS, ".seg") != 0)
		return false;
	*base = strtoull(name, NULL, 10);
	return true;
}

static int path_of(const char *folder, uint64_t base, char path[PATH_MAX_BYTES],
		   struct error *error)
{
	int len = snprintf(path, PATH_MAX_BYTES, "%s/%020" PRIu64 ".seg", folder, base);

	if (len < 0 || len >= PATH_MAX_BYTES)
		return error_set(error, "spool %s: path is too long", folder);
	return 0;
}

static int by_base(const void *a, const void *b)
{
	const struct spool_segment *x = a;
	const struct spool_segment *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

static void add_segment(struct spool_segments *list, int folder_fd, const char *name)
{
	struct stat st = { 0 };
	uint64_t base = 0;

	if (!parse_name(name, &base) || fstatat(folder_fd, name, &st, 0) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	mem_grow(&list->items, &list->capacity, list->count, sizeof(*list->items));
	list->items[list->count++] =
		(struct spool_segment){ base, (uint64_t)st.st_size };
}

int spool_segments_list(const char *folder, struct spool_segments *out,
			struct error *error)
{
	DIR *dir = opendir(folder);
	struct dirent *entry = NULL;

	if (dir == NULL)
		return error_set_errno(error, "spool %s: opendir", folder);
	/* the stream is this call's own, which is safe */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(dir)) != NULL)
		add_segment(out, dirfd(dir), entry->d_name);
	(void)closedir(dir); /* only read from */
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), by_base);
	return 0;
}

int spool_folder_sync(const char *folder, struct error *error)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (fd < 0)
		return error_set_errno(error, "spool %s: open", folder);
	if (fsync(fd) < 0)
		status = error_set_errno(error, "spool %s: fsync", folder);
	(void)close(fd); /* only read from */
	return status;
}

int spool_folder_make(const char *folder, struct error *error)
{
	char parent[PATH_MAX_BYTES];

	if (mkdir(folder, 0700) < 0) {
		if (errno == EEXIST)
			return 0;
		return error_set_errno(error, "spool %s: mkdir", folder);
	}
	if (snprintf(parent, sizeof(parent), "%s/..", folder) >= (int)sizeof(parent))
		return error_set(error, "spool %s: path is too long", folder);
	return spool_folder_sync(parent, error);
}

int spool_segment_open(const char *folder, uint64_t base, int flags,
		       struct error *error)
{
	char path[PATH_MAX_BYTES];
	int fd = -1;

	if (path_of(folder, base, path, error) < 0)
		return -1;
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(error, "spool %.300s: open", path);
	return fd;
}

int spool_segment_remove(const char *folder, uint64_t base, struct error *error)
{
	char path[PATH_MAX_BYTES];

	if (path_of(folder, base, path, error) < 0)
		return -1;
	if (unlink(path) < 0)
		return error_set_errno(error, "spool %.300s: unlink", path);
	return 0;
}

int spool_segment_create(const char *folder, uint64_t base, struct error *error)
{
	struct error left;
	int fd = spool_segment_open(folder, base, O_RDWR | O_CREAT | O_TRUNC, error);

	if (fd >= 0 && spool_folder_sync(folder, error) < 0) {
		(void)close(fd); /* nothing was written */
		/* or the next try would find the name, and no sync would write it */
		if (spool_segment_remove(folder, base, &left) < 0)
			log_warn("spool", "%s", left.text);
		return -1;
	}
	return fd;
}

ssize_t spool_segment_read(int fd, char *into, size_t len, int64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, into + got, len - got, at + (int64_t)got);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

struct scan {
	uint64_t base;
	uint64_t at;      /* in the file */
	uint64_t end;     /* behind the last complete append, in the file */
	uint64_t corrupt; /* seen so far */
	uint64_t counted; /* of these, in front of end */
};

/* the number of bytes understood; 0: more are needed */
static size_t scan_bytes(struct scan *scan, struct slice bytes, bool at_end)
{
	size_t used = 0;

	while (used < bytes.len) {
		struct slice rest = slice_from(bytes, used);
		uint64_t at = scan->at + used;
		struct spool_frame frame;
		ssize_t n = spool_frame_read(rest, scan->base + at, &frame);

		if (n == SPOOL_PARTIAL && !at_end)
			break;
		if (n < 0) {
			size_t skip = spool_frame_skip(rest, scan->base + at);

			scan->corrupt += skip;
			used += skip;
			continue;
		}
		used += (size_t)n;
		if ((frame.flags & SPOOL_FRAME_APPEND_END) != 0) {
			scan->end = scan->at + used;
			scan->counted = scan->corrupt;
		}
	}
	scan->at += used;
	return used;
}

int spool_segment_scan(int fd, uint64_t base, uint64_t *end, uint64_t *corrupt,
		       struct error *error)
{
	struct scan scan = { .base = base };
	size_t room = SCAN_BYTES;
	char *bytes = mem_alloc(room);
	ssize_t n = 0;

	for (;;) {
		n = spool_segment_read(fd, bytes, room, (int64_t)scan.at);
		if (n <= 0)
			break;
		if (scan_bytes(&scan, slice_of(bytes, (size_t)n), (size_t)n < room) ==
		    0) {
			/* one frame is larger than what was read */
			room = SPOOL_HEADER_BYTES + SPOOL_PAYLOAD_MAX;
			mem_free(bytes);
			bytes = mem_alloc(room);
		}
	}
	mem_free(bytes);
	if (n < 0)
		return error_set_errno(error, "read");
	*end = base + scan.end;
	*corrupt = scan.counted;
	return 0;
}
