/* spool_check.c - walking the frames of each segment */
#include "sources/spool_check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sources/spool_format.h"
#include "sources/spool_segment.h"

#define PATH_BYTES 4096

struct walk {
	const char *folder;
	bool repair;
	bool last; /* of the partition: its end may be torn */
	int fd;
	uint64_t base;
	char *bytes;
	size_t len;
	struct spool_check *check;
	struct error *error;
};

int spool_check_lock(const char *spool_folder, int *fd, struct error *error)
{
	char path[PATH_BYTES];

	*fd = -1;
	if (snprintf(path, sizeof(path), "%s/lock", spool_folder) >= (int)sizeof(path))
		return error_set(error, "spool %s: path is too long", spool_folder);
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 0;
	if (*fd < 0)
		return error_set_errno(error, "spool %s: open", path);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (errno != EWOULDBLOCK)
		(void)error_set_errno(error, "spool %s: lock", path);
	else
		error->text[0] = '\0';
	spool_check_unlock(fd);
	return error->text[0] == '\0' ? 0 : -1;
}

void spool_check_unlock(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written */
	*fd = -1;
}

static int write_at(int fd, struct slice bytes, uint64_t at, struct error *error)
{
	while (bytes.len > 0) {
		ssize_t n = pwrite(fd, bytes.ptr, bytes.len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(error, "write");
		bytes = slice_from(bytes, (size_t)n);
		at += (uint64_t)n;
	}
	return fdatasync(fd) < 0 ? error_set_errno(error, "fdatasync") : 0;
}

/* beside the partition, named by where the bytes were */
static int keep_copy(const struct walk *walk, struct slice bytes, uint64_t offset)
{
	char path[PATH_BYTES];
	int fd = -1;
	int status = 0;

	if (snprintf(path, sizeof(path), "%s-%020" PRIu64 ".corrupt", walk->folder,
		     offset) >= (int)sizeof(path))
		return error_set(walk->error, "spool %s: path is too long",
				 walk->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(walk->error, "spool %.300s: open", path);
	status = write_at(fd, bytes, 0, walk->error);
	(void)close(fd); /* synced */
	return status;
}

static int note_corrupt(struct walk *walk, size_t begin, size_t end)
{
	struct slice damaged = slice_of(walk->bytes + begin, end - begin);
	char *hole = NULL;
	int status = 0;

	walk->check->corrupt_runs++;
	walk->check->corrupt_bytes += damaged.len;
	/* too few for a header: readers search their way over them */
	if (!walk->repair || damaged.len < SPOOL_HEADER_BYTES)
		return 0;
	if (keep_copy(walk, damaged, walk->base + begin) < 0)
		return -1;
	hole = mem_alloc(damaged.len);
	spool_hole_write(hole, damaged.len, walk->base + begin);
	status = write_at(walk->fd, slice_of(hole, damaged.len), begin, walk->error);
	mem_free(hole);
	if (status == 0)
		walk->check->mended_bytes += damaged.len;
	return status;
}

static int note_torn(struct walk *walk, size_t begin)
{
	walk->check->torn_bytes += walk->len - begin;
	if (!walk->repair)
		return 0;
	if (ftruncate(walk->fd, (off_t)begin) < 0 || fsync(walk->fd) < 0)
		return error_set_errno(walk->error, "cut");
	walk->check->cut_bytes += walk->len - begin;
	return 0;
}

/* where the last complete append ends: what lies behind it was not acknowledged */
static size_t complete_end(const struct walk *walk)
{
	size_t at = 0;
	size_t end = 0;

	while (at < walk->len) {
		struct slice rest = slice_of(walk->bytes + at, walk->len - at);
		struct spool_frame frame;
		ssize_t n = spool_frame_read(rest, walk->base + at, &frame);

		if (n < 0) {
			at += spool_frame_skip(rest, walk->base + at);
			continue;
		}
		at += (size_t)n;
		if ((frame.flags & SPOOL_FRAME_APPEND_END) != 0)
			end = at;
	}
	return end;
}

static int walk_segment(struct walk *walk)
{
	size_t end = walk->last ? complete_end(walk) : walk->len;
	size_t at = 0;

	while (at < end) {
		struct slice rest = slice_of(walk->bytes + at, end - at);
		struct spool_frame frame;
		ssize_t n = spool_frame_read(rest, walk->base + at, &frame);
		size_t bad = at;

		if (n > 0) {
			walk->check->frames++;
			if ((frame.flags & SPOOL_FRAME_HOLE) != 0)
				walk->check->hole_bytes += (uint64_t)n;
			at += (size_t)n;
			continue;
		}
		at += spool_frame_skip(rest, walk->base + at);
		if (note_corrupt(walk, bad, at) < 0)
			return -1;
	}
	return end < walk->len ? note_torn(walk, end) : 0;
}

static int check_segment(struct walk *walk, const struct spool_segment *segment)
{
	ssize_t n = 0;
	int status = 0;

	walk->base = segment->base;
	walk->fd = spool_segment_open(walk->folder, segment->base,
				      walk->repair ? O_RDWR : O_RDONLY, walk->error);
	if (walk->fd < 0)
		return -1;
	walk->bytes = mem_alloc((size_t)segment->size + 1);
	n = spool_segment_read(walk->fd, walk->bytes, (size_t)segment->size, 0);
	walk->len = n < 0 ? 0 : (size_t)n;
	status = n < 0 ? error_set_errno(walk->error, "read") : walk_segment(walk);
	mem_free(walk->bytes);
	(void)close(walk->fd); /* what was written is synced */
	if (status < 0)
		return error_prefix(walk->error, "spool %s: segment %020" PRIu64,
				    walk->folder, segment->base);
	return 0;
}

int spool_check_partition(const char *folder, bool repair, struct spool_check *out,
			  struct error *error)
{
	struct spool_segments segments = { 0 };
	struct walk walk = {
		.folder = folder, .repair = repair, .check = out, .error = error
	};
	int status = spool_segments_list(folder, &segments, error);

	*out = (struct spool_check){ .segments = segments.count };
	for (size_t i = 0; status == 0 && i < segments.count; i++) {
		const struct spool_segment *segment = &segments.items[i];

		if (i == 0)
			out->first = segment->base;
		else if (segment->base > out->end)
			out->missing_bytes += segment->base - out->end;
		out->end = segment->base + segment->size;
		out->bytes += segment->size;
		walk.last = i + 1 == segments.count;
		status = check_segment(&walk, segment);
	}
	mem_free(segments.items);
	return status;
}
