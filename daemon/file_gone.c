/* file_gone.c - inodes of folders and patterns */
#include "daemon/file_gone.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

struct identity {
	uint64_t device;
	uint64_t inode;
};

struct file_gone {
	struct table there;   /* hashes of identities: two of one hash are both there */
	struct table folders; /* hashes of the paths that were read */
};

static uint64_t hash_of(const struct identity *identity)
{
	return hash64(slice_of((const char *)identity, sizeof(*identity)), 0);
}

static void add_file(struct file_gone *look, const struct stat *stat)
{
	const struct identity identity = { (uint64_t)stat->st_dev,
					   (uint64_t)stat->st_ino };

	(void)table_put(&look->there, hash_of(&identity), NULL);
}

struct file_gone *file_gone_new(const char *const *patterns, size_t count)
{
	struct file_gone *look = mem_calloc(1, sizeof(*look));

	for (size_t i = 0; i < count; i++) {
		glob_t found = { 0 };

		/* glibc's is safe as long as the environment and the locale stay */
		/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
		if (glob(patterns[i], 0, NULL, &found) == 0) {
			for (size_t k = 0; k < found.gl_pathc; k++) {
				struct stat stat_of = { 0 };

				if (stat(found.gl_pathv[k], &stat_of) == 0)
					add_file(look, &stat_of);
			}
		}
		globfree(&found);
	}
	return look;
}

void file_gone_free(struct file_gone **look_ptr)
{
	struct file_gone *look = *look_ptr;

	if (look == NULL)
		return;
	table_deinit(&look->there);
	table_deinit(&look->folders);
	mem_free(look);
	*look_ptr = NULL;
}

/* false: it cannot be read */
static bool read_folder(struct file_gone *look, const char *path)
{
	const struct dirent *entry = NULL;
	DIR *folder = NULL;
	bool added = false;

	(void)table_put(&look->folders, hash64(slice_str(path), 0), &added);
	if (!added)
		return true;
	folder = opendir(path);
	if (folder == NULL) {
		(void)table_remove(&look->folders, hash64(slice_str(path), 0));
		return false;
	}
	/* one thread a stream, as POSIX asks */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(folder)) != NULL) {
		struct stat stat_of = { 0 };

		if (fstatat(dirfd(folder), entry->d_name, &stat_of, 0) == 0)
			add_file(look, &stat_of);
	}
	(void)closedir(folder); /* only read from */
	return true;
}

/* cuts the last name off; false: there is none */
static bool cut_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || strcmp(path, "/") == 0)
		return false;
	slash[slash == path ? 1 : 0] = '\0';
	return true;
}

/* reads the folder that the path is in, as far as it is there; false: that says nothing
 * about files of the device */
static bool read_around(struct file_gone *look, const char *path, uint64_t device)
{
	char *folder = mem_strdup(path);
	struct stat stat_of = { 0 };
	bool known = cut_name(folder);
	bool whole = true;

	while (known && stat(folder, &stat_of) < 0) {
		known = errno == ENOENT && cut_name(folder);
		whole = false;
	}
	known = known && (uint64_t)stat_of.st_dev == device;
	if (known && whole)
		known = read_folder(look, folder);
	mem_free(folder);
	return known;
}

/* as sources/tail_file.c names them: device in hex, inode, and more */
static bool parse_stream(const char *stream, struct identity *out)
{
	char *end = NULL;

	out->device = strtoull(stream, &end, 16);
	if (end == stream || *end != ':')
		return false;
	stream = end + 1;
	out->inode = strtoull(stream, &end, 10);
	return end != stream && *end == ':';
}

bool file_gone_is(struct file_gone *look, const char *stream, const char *path,
		  const char *target)
{
	struct identity identity = { 0 };

	if (!parse_stream(stream, &identity))
		return false;
	if (!read_around(look, target == NULL ? path : target, identity.device))
		return false;
	/* a link may lie on another device than what it leads to */
	if (target != NULL)
		(void)read_around(look, path, identity.device);
	return table_get(&look->there, hash_of(&identity)) == NULL;
}
