/* tail_scan.c - globbing, excluding, and saying once why a path is skipped */
#include "sources/tail_scan.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"

void tail_scan_deinit(struct tail_scan *scan)
{
	table_deinit(&scan->skipped_before);
	table_deinit(&scan->skipped_now);
}

void tail_list_deinit(struct tail_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->items[i].path);
	mem_free(list->items);
	*list = (struct tail_list){ 0 };
}

void tail_scan_skip(struct tail_scan *scan, const char *path, const char *reason)
{
	uint64_t key = hash64(slice_str(path), 0);
	uint64_t why = hash64(slice_str(reason), 0);
	const uint64_t *before = table_get(&scan->skipped_before, key);
	uint64_t *now = table_put(&scan->skipped_now, key, NULL);

	if (*now != why && (before == NULL || *before != why))
		log_warn("file_tail", "skipped: %s source=%s path=%s", reason,
			 scan->source, path);
	*now = why;
}

/* a pattern without a slash is held against the file's name alone */
static bool excluded(const struct tail_scan *scan, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	for (size_t i = 0; i < scan->excludes_count; i++) {
		const char *pattern = scan->excludes[i];
		bool whole = strchr(pattern, '/') != NULL;

		if (fnmatch(pattern, whole ? path : name, 0) == 0)
			return true;
	}
	return false;
}

static const char *unfit_kind(mode_t mode)
{
	if (S_ISREG(mode))
		return NULL;
	if (S_ISLNK(mode))
		return "symbolic link";
	if (S_ISDIR(mode))
		return "directory";
	if (S_ISFIFO(mode))
		return "FIFO";
	return "not a regular file";
}

static void list_add(struct tail_list *list, const char *path, const struct stat *st)
{
	mem_grow(&list->items, &list->capacity, list->count, sizeof(*list->items));
	list->items[list->count++] = (struct tail_found){
		.path = mem_strdup(path),
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size,
		.mtime_s = st->st_mtim.tv_sec,
	};
}

/* why a path that glob found cannot be examined; NULL: it is gone, nothing to tell */
static const char *examine_failure(const char *path, int code)
{
	struct stat st = { 0 };

	if (code == ELOOP)
		return "symbolic links in a circle";
	if (code != ENOENT)
		return "cannot be examined";
	return lstat(path, &st) == 0 ? "symbolic link to nothing" : NULL;
}

static void consider_file(struct tail_scan *scan, const char *path,
			  struct tail_list *out)
{
	struct stat st = { 0 };
	const char *unfit = NULL;

	if (excluded(scan, path))
		return;
	if ((scan->follow_symlinks ? stat : lstat)(path, &st) < 0)
		unfit = examine_failure(path, errno);
	else
		unfit = unfit_kind(st.st_mode);
	if (unfit != NULL)
		tail_scan_skip(scan, path, unfit);
	else if (st.st_mode != 0)
		list_add(out, path, &st);
}

/* false: nothing matches */
static bool match(const char *pattern, glob_t *found)
{
	/* unsafe among threads with GLOB_TILDE only, which we do not pass */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	return glob(pattern, 0, NULL, found) == 0;
}

void tail_scan_files(struct tail_scan *scan, struct tail_list *out)
{
	struct table swap = scan->skipped_before;

	scan->skipped_before = scan->skipped_now;
	scan->skipped_now = swap;
	table_clear(&scan->skipped_now);
	for (size_t i = 0; i < scan->globs_count; i++) {
		glob_t found = { 0 };

		if (match(scan->globs[i], &found)) {
			for (size_t k = 0; k < found.gl_pathc; k++)
				consider_file(scan, found.gl_pathv[k], out);
		}
		globfree(&found);
	}
}

static void add_folders(const char *pattern, struct tail_list *out)
{
	const char *slash = strrchr(pattern, '/');
	char *folder = NULL;
	glob_t found = { 0 };
	struct stat st = { 0 };

	if (slash == NULL)
		folder = mem_strdup(".");
	else if (slash == pattern)
		folder = mem_strdup("/");
	else
		folder = mem_slice_dup(slice_of(pattern, (size_t)(slash - pattern)));
	if (match(folder, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *path = found.gl_pathv[i];

			if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
				list_add(out, path, &st);
		}
	}
	globfree(&found);
	mem_free(folder);
}

void tail_scan_folders(const struct tail_scan *scan, struct tail_list *out)
{
	for (size_t i = 0; i < scan->globs_count; i++)
		add_folders(scan->globs[i], out);
}
