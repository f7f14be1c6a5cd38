/* forgetful_disk.h - a disk whose power fails, for one test program
 *
 * Threads: one. Owner: the test sets disk.files to FILES_MAX of them. Limits: files of
 * FILE_BYTES, asserted. To be included once, and linked with --wrap of the five calls.
 */
#ifndef SIFTD_TESTS_UNIT_FORGETFUL_DISK_H
#define SIFTD_TESTS_UNIT_FORGETFUL_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/unit/random_numbers.h"

#define FILES_MAX 256
#define FILE_BYTES ((size_t)16384)
#define SECTOR ((size_t)64)

/* what the linker's --wrap calls them */
ssize_t disk_pwritev(int fd, const struct iovec *iov, int count,
		     off_t offset) __asm__("__wrap_pwritev");
int disk_fdatasync(int fd) __asm__("__wrap_fdatasync");
int disk_fsync(int fd) __asm__("__wrap_fsync");
int disk_ftruncate(int fd, off_t len) __asm__("__wrap_ftruncate");
int disk_unlink(const char *path) __asm__("__wrap_unlink");
int real_ftruncate(int fd, off_t len) __asm__("__real_ftruncate");
int real_unlink(const char *path) __asm__("__real_unlink");

struct image {
	char bytes[FILE_BYTES];
	size_t len;
};

/* a file that was written to since the disk was made */
struct disk_file {
	char path[256];
	ino_t inode;
	bool removed;        /* and its folder was not synced since */
	struct image synced; /* what a power failure cannot take */
	struct image dirty;  /* all that was written, also what was cut off again */
};

static struct {
	struct disk_file *files;
	size_t count;
	bool failing; /* syncs and writes may fail */
	uint64_t failures;
} disk;

static uint64_t dice(uint64_t sides)
{
	return random_below(sides);
}

static void path_of(int fd, char out[256])
{
	char link[64];
	ssize_t len = 0;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, out, 255);
	assert_true(len > 0);
	out[len] = '\0';
}

static void keep_synced(int fd, struct disk_file *file)
{
	ssize_t n = pread(fd, file->synced.bytes, FILE_BYTES, 0);

	assert_true(n >= 0);
	file->synced.len = (size_t)n;
	file->dirty = file->synced;
}

static struct disk_file *file_of(int fd)
{
	struct stat st = { 0 };
	struct disk_file *file = NULL;

	assert_int_equal(fstat(fd, &st), 0);
	for (size_t i = 0; i < disk.count; i++) {
		if (disk.files[i].inode == st.st_ino && !disk.files[i].removed)
			return &disk.files[i];
	}
	assert_true(disk.count < FILES_MAX);
	file = &disk.files[disk.count++];
	*file = (struct disk_file){ .inode = st.st_ino };
	path_of(fd, file->path);
	/* what it holds so far survived the last power failure */
	keep_synced(fd, file);
	return file;
}

static void write_into(struct image *image, const char *bytes, size_t len, size_t at)
{
	assert_true(at + len <= FILE_BYTES);
	if (at > image->len)
		memset(image->bytes + image->len, 0, at - image->len);
	memcpy(image->bytes + at, bytes, len);
	if (at + len > image->len)
		image->len = at + len;
}

ssize_t disk_pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	struct disk_file *file = file_of(fd);
	bool fails = disk.failing && dice(12) == 0;
	size_t written = 0;

	for (int i = 0; i < count; i++) {
		size_t len = fails ? dice(iov[i].iov_len + 1) : iov[i].iov_len;

		write_into(&file->dirty, iov[i].iov_base, len,
			   (size_t)offset + written);
		assert_int_equal(
			pwrite(fd, iov[i].iov_base, len, offset + (off_t)written), len);
		written += len;
		if (len < iov[i].iov_len)
			break;
	}
	disk.failures += fails;
	if (written > 0)
		return (ssize_t)written;
	errno = ENOSPC;
	return -1;
}

/* some sectors of what was not synced reach the disk, in any order */
static void write_back(struct disk_file *file, struct image *out)
{
	size_t len = file->synced.len;

	*out = file->synced;
	if (file->dirty.len > len)
		len += dice(file->dirty.len - len + 1);
	for (size_t at = 0; at < len; at += SECTOR) {
		size_t size = len - at < SECTOR ? len - at : SECTOR;

		if (dice(2) == 0)
			write_into(out, file->dirty.bytes + at, size, at);
	}
}

int disk_fdatasync(int fd)
{
	struct disk_file *file = file_of(fd);

	if (disk.failing && dice(8) == 0) {
		struct image after;

		/* as Linux: pages count as clean, whether or not they got there */
		write_back(file, &after);
		file->synced = after;
		disk.failures++;
		errno = EIO;
		return -1;
	}
	keep_synced(fd, file);
	return 0;
}

int disk_fsync(int fd)
{
	struct stat st = { 0 };
	size_t kept = 0;

	assert_int_equal(fstat(fd, &st), 0);
	if (!S_ISDIR(st.st_mode)) {
		keep_synced(fd, file_of(fd));
		return 0;
	}
	for (size_t i = 0; i < disk.count; i++) {
		if (disk.files[i].removed)
			continue;
		if (kept != i)
			disk.files[kept] = disk.files[i];
		kept++;
	}
	disk.count = kept;
	return 0;
}

int disk_ftruncate(int fd, off_t len)
{
	(void)file_of(fd); /* what is cut off stays in dirty: it may come back */
	return real_ftruncate(fd, len);
}

int disk_unlink(const char *path)
{
	struct stat st = { 0 };

	assert_int_equal(stat(path, &st), 0);
	for (size_t i = 0; i < disk.count; i++) {
		if (disk.files[i].inode == st.st_ino && !disk.files[i].removed)
			disk.files[i].removed = true;
	}
	return real_unlink(path);
}

static void put_file(const char *path, const struct image *image)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, image->bytes, image->len, 0), image->len);
	assert_int_equal(close(fd), 0);
}

/* afterwards the disk holds what it holds, and all of it is synced */
static void fail_power(void)
{
	static struct image left;

	for (size_t i = 0; i < disk.count; i++) {
		struct disk_file *file = &disk.files[i];
		bool exists = access(file->path, F_OK) == 0;

		write_back(file, &left);
		if (!file->removed || (!exists && dice(2) == 0))
			put_file(file->path, &left);
	}
	disk.count = 0;
}

#endif
