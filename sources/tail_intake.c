/* tail_intake.c - taking up files that the patterns name, and files renamed while we
 * were not there */
#include "sources/tail_intake.h"

#include <dirent.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/tail_coded.h"
#include "sources/tail_copy.h"

#define PATH_BYTES 4096

static void begin_at(struct tail_file *file, const struct tail_mark *mark)
{
	memcpy(file->name, mark->name, sizeof(file->name));
	file->id = mark->id;
	file->offset = mark->offset;
	if (mark->coded)
		file->coded = tail_coded_new(CODED_READ, mark->offset);
}

/* all of it was read, and it did not change since */
static bool is_done(const struct tail_file *file, const struct tail_mark *mark)
{
	return mark->coded && mark->coded_bytes > 0 &&
	       mark->coded_bytes == tail_file_size(file);
}

static bool too_old(const struct tail_intake *intake, const struct tail_found *found)
{
	int64_t age_s = clock_now_us() / 1000000 - found->mtime_s;

	return intake->config->ignore_older_s != 0 && age_s > 0 &&
	       (uint64_t)age_s > intake->config->ignore_older_s;
}

/* what is there already is not read, now or after a restart */
static void skip(struct tail_file *file, const struct tail_found *found)
{
	file->skips = true;
	file->offset = found->size;
	if (!tail_file_is_compressed(file))
		return;
	file->coded = tail_coded_new(CODED_READ, 0);
	file->coded_bytes = found->size;
	file->offset = 0;
}

#define NOTHING_NEW ""

/* sets where reading begins. NULL: nothing is wrong with it; else why it is not read */
static const char *place(const struct tail_intake *intake, struct tail_file *file,
			 const struct tail_found *found)
{
	const struct tail_mark *mark = tail_marks_find(intake->marks, file);

	if (mark != NULL && is_done(file, mark))
		return NOTHING_NEW;
	if (mark != NULL)
		begin_at(file, mark);
	else if (too_old(intake, found))
		return "older than ignore_older";
	else if (intake->first_scan && intake->skip_present)
		skip(file, found);
	return NULL;
}

static void take_up(struct tail_intake *intake, struct tail_file *file, bool listed)
{
	file->first = file->offset;
	file->listed = listed;
	file->quiet_since_us = clock_monotonic_us();
	log_info("file_tail", "reading source=%s path=%s stream=%s offset=%lld",
		 intake->config->name, file->path, file->name, (long long)file->offset);
	tail_set_add(intake->set, file);
}

static void add_found(struct tail_intake *intake, const struct tail_found *found)
{
	struct tail_file *file = NULL;
	const char *unfit = NULL;
	struct error error;

	if (intake->set->count == intake->config->files_max) {
		intake->waiting++;
		tail_scan_skip(intake->scan, found->path, "files_max is reached");
		return;
	}
	if (tail_file_open(found->path, intake->config->follow_symlinks, &file,
			   &error) < 0) {
		tail_scan_skip(intake->scan, found->path, error.text);
		return;
	}
	unfit = place(intake, file, found);
	if (unfit != NULL) {
		if (unfit[0] != '\0')
			tail_scan_skip(intake->scan, found->path, unfit);
		tail_file_free(&file);
		return;
	}
	take_up(intake, file, true);
}

static void see_found(struct tail_intake *intake, const struct tail_found *found)
{
	struct tail_file *file =
		tail_set_by_inode(intake->set, found->device, found->inode);

	if (file == NULL) {
		add_found(intake, found);
		return;
	}
	if (!file->listed && strcmp(file->path, found->path) != 0)
		tail_file_set_path(file, found->path);
	file->listed = true;
}

/* the path in the folder that has the inode; false: none */
static bool find_inode(const char *folder, uint64_t inode, char out[PATH_BYTES])
{
	DIR *dir = opendir(folder);
	struct dirent *entry = NULL;
	bool found = false;

	if (dir == NULL)
		return false;
	/* the stream is this call's own, which is safe */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (!found && (entry = readdir(dir)) != NULL) {
		int len = snprintf(out, PATH_BYTES, "%s/%s", folder, entry->d_name);

		found = entry->d_ino == inode && len > 0 && len < PATH_BYTES;
	}
	(void)closedir(dir); /* only read from */
	return found;
}

/* the inodes of the folder that was asked for last: most marks are of a few folders,
 * and most of the logs that they tell of are gone */
struct folder_inodes {
	char *folder;
	struct table inodes;
};

static void folder_inodes_deinit(struct folder_inodes *known)
{
	mem_free(known->folder);
	table_deinit(&known->inodes);
}

static void read_inodes(struct folder_inodes *known)
{
	DIR *dir = opendir(known->folder);
	const struct dirent *entry = NULL;

	table_clear(&known->inodes);
	/* the stream is this call's own, which is safe */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		*table_put(&known->inodes, entry->d_ino, NULL) = 1;
	if (dir != NULL)
		(void)closedir(dir); /* only read from */
}

static bool find_renamed(const struct tail_mark *mark, struct folder_inodes *known,
			 char out[PATH_BYTES])
{
	const char *slash = strrchr(mark->path, '/');
	struct slice folder = { 0 };

	if (slash == NULL)
		return false;
	folder = slice_of(mark->path, (size_t)(slash - mark->path));
	if (known->folder == NULL || !slice_equal(slice_str(known->folder), folder)) {
		mem_free(known->folder);
		known->folder = mem_slice_dup(folder);
		read_inodes(known);
	}
	return table_get(&known->inodes, mark->id.inode) != NULL &&
	       find_inode(known->folder, mark->id.inode, out);
}

/* a log that was renamed to what no pattern names has bytes that nobody has read: it is
 * looked for beside its old name */
static void add_renamed(struct tail_intake *intake, const struct tail_mark *mark,
			struct folder_inodes *known)
{
	struct tail_file *file = NULL;
	struct error error;
	char path[PATH_BYTES];

	if (tail_set_by_inode(intake->set, mark->id.device, mark->id.inode) != NULL ||
	    intake->set->count == intake->config->files_max ||
	    !find_renamed(mark, known, path) ||
	    tail_file_open(path, false, &file, &error) < 0)
		return;
	if (tail_marks_find(intake->marks, file) != mark || is_done(file, mark) ||
	    (!mark->coded && tail_file_size(file) == mark->offset)) {
		tail_file_free(&file);
		return;
	}
	begin_at(file, mark);
	take_up(intake, file, false);
}

static void add_all_renamed(struct tail_intake *intake)
{
	struct folder_inodes known = { 0 };

	for (size_t i = 0; i < intake->marks->count; i++)
		add_renamed(intake, &intake->marks->items[i], &known);
	folder_inodes_deinit(&known);
}

static void watch_folders(struct tail_intake *intake)
{
	struct tail_list folders = { 0 };

	tail_scan_folders(intake->scan, &folders);
	for (size_t i = 0; i < folders.count; i++)
		(void)tail_watch_folder(intake->set->watch, folders.items[i].path);
	tail_list_deinit(&folders);
}

/* what a link leads to is rotated in a folder that no pattern names */
static void watch_target(struct tail_intake *intake, const struct tail_file *file)
{
	const char *slash = file->target == NULL ? NULL : strrchr(file->target, '/');
	char *folder = NULL;

	if (slash == NULL || slash == file->target)
		return;
	folder = mem_slice_dup(slice_of(file->target, (size_t)(slash - file->target)));
	(void)tail_watch_folder(intake->set->watch, folder); /* or the scan finds it */
	mem_free(folder);
}

/* what has changed since it was read, and was not told of */
static void look_at_open(struct tail_intake *intake)
{
	intake->behind_bytes = 0;
	for (size_t i = 0; i < intake->set->count; i++) {
		struct tail_file *file = intake->set->files[i];
		int64_t size = tail_file_size(file);

		if (file->coded == NULL && size > file->offset)
			intake->behind_bytes += (uint64_t)(size - file->offset);
		if (file->coded != NULL ? tail_copy_pending(file)
					: size != file->offset)
			tail_set_make_ready(intake->set, file);
		if (file->listed)
			watch_target(intake, file);
	}
}

void tail_intake_note_read(struct tail_intake *intake, const struct tail_file *file,
			   int64_t from)
{
	uint64_t read = file->coded == NULL && file->offset > from
				? (uint64_t)(file->offset - from)
				: 0;

	intake->behind_bytes -=
		read < intake->behind_bytes ? read : intake->behind_bytes;
}

void tail_intake_run(struct tail_intake *intake)
{
	struct tail_list list = { 0 };

	/* first the watches, so that nothing can appear unseen in between */
	watch_folders(intake);
	intake->waiting = 0;
	for (size_t i = 0; i < intake->set->count; i++)
		intake->set->files[i]->listed = false;
	tail_scan_files(intake->scan, &list);
	for (size_t i = 0; i < list.count; i++)
		see_found(intake, &list.items[i]);
	tail_list_deinit(&list);
	if (intake->first_scan)
		add_all_renamed(intake);
	intake->first_scan = false;
	look_at_open(intake);
}
