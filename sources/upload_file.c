/* upload_file.c - ID.json is written anew and renamed, so that it is always whole */
#include "sources/upload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crash_point.h"
#include "base/json_out.h"

#define MODE 0600

static int path_of(char out[PATH_MAX], const char *folder, const char *id,
		   const char *suffix, struct error *error)
{
	int len = snprintf(out, PATH_MAX, "%s/%s%s", folder, id, suffix);

	if (len > 0 && len < PATH_MAX)
		return 0;
	return error_set(error, "uploads: the folder's path is too long");
}

static int write_all(int fd, const struct iovec *pieces, int count, int64_t offset)
{
	for (int i = 0; i < count; i++) {
		const char *at = pieces[i].iov_base;
		size_t left = pieces[i].iov_len;

		while (left > 0) {
			ssize_t n = pwrite(fd, at, left, offset);

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return -1;
			at += n;
			left -= (size_t)n;
			offset += n;
		}
	}
	return 0;
}

/* names in the folder are as durable as what they name */
static int sync_folder(const char *folder, struct error *error)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = fd < 0 ? -1 : fsync(fd);

	if (status < 0)
		(void)error_set_errno(error, "uploads: %s", folder); /* always -1 */
	if (fd >= 0)
		(void)close(fd); /* only synced */
	return status;
}

/* a file with these bytes, durable but for its name */
static int write_file(const char *path, const struct buf *text, struct error *error)
{
	const struct iovec piece = { text->data, text->len };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
	int status = 0;

	if (fd < 0)
		return error_set_errno(error, "uploads: %s", path);
	if (write_all(fd, &piece, 1, 0) < 0 || fdatasync(fd) < 0)
		status = error_set_errno(error, "uploads: %s", path);
	if (close(fd) < 0 && status == 0)
		status = error_set_errno(error, "uploads: %s", path);
	return status;
}

static int save(const char *folder, const struct upload_file *file, struct error *error)
{
	char path[PATH_MAX];
	char fresh[PATH_MAX];
	struct buf text = { 0 };
	struct json_out out = json_out_init(&text);
	int status = -1;

	json_object_begin(&out);
	json_key_int(&out, "project_id", file->project_id);
	json_key_int(&out, "ingestion_id", file->ingestion_id);
	json_key_int(&out, "length", file->length);
	json_key_int(&out, "offset", file->offset);
	json_key_int(&out, "began_us", file->began_us);
	json_object_end(&out);
	if (path_of(path, folder, file->id, ".json", error) == 0 &&
	    path_of(fresh, folder, file->id, ".new", error) == 0 &&
	    write_file(fresh, &text, error) == 0) {
		status = rename(fresh, path);
		if (status < 0)
			(void)error_set_errno(error, "uploads: %s", path); /* -1 */
		else
			status = sync_folder(folder, error);
	}
	buf_deinit(&text);
	return status;
}

int upload_file_create(const char *folder, const struct upload_file *file,
		       struct error *error)
{
	static const struct buf nothing = { 0 };
	char path[PATH_MAX];

	if (path_of(path, folder, file->id, ".part", error) < 0 ||
	    write_file(path, &nothing, error) < 0)
		return -1;
	return save(folder, file, error);
}

static bool take_int(const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = json_object_get(object, key);

	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= 0;
}

int upload_file_load(const char *folder, const char *id, struct upload_file *out,
		     struct error *error)
{
	char path[PATH_MAX];
	json_t *object = NULL;
	bool good = false;

	*out = (struct upload_file){ 0 };
	if (strlen(id) != UPLOAD_ID_LEN ||
	    strspn(id, "0123456789abcdef") != UPLOAD_ID_LEN)
		return 1;
	memcpy(out->id, id, sizeof(out->id));
	if (path_of(path, folder, id, ".json", error) < 0)
		return -1;
	if (access(path, F_OK) != 0)
		return 1;
	object = json_load_file(path, 0, NULL);
	good = take_int(object, "project_id", &out->project_id) &&
	       take_int(object, "ingestion_id", &out->ingestion_id) &&
	       take_int(object, "length", &out->length) &&
	       take_int(object, "offset", &out->offset) &&
	       take_int(object, "began_us", &out->began_us) &&
	       out->offset <= out->length;
	json_decref(object);
	return good ? 0 : error_set(error, "uploads: %s is damaged", path);
}

/* the bytes behind offset, and nothing behind them */
static int write_part(const char *path, const struct upload_file *file,
		      const struct iovec *pieces, int count)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int status = 0;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, file->offset) < 0 ||
	    write_all(fd, pieces, count, file->offset) < 0 || fdatasync(fd) < 0)
		status = -1;
	if (close(fd) < 0)
		status = -1;
	return status;
}

int upload_file_append(const char *folder, struct upload_file *file,
		       const struct iovec *pieces, int count, struct error *error)
{
	char part[PATH_MAX];
	char log[PATH_MAX];
	int64_t len = 0;

	for (int i = 0; i < count; i++)
		len += (int64_t)pieces[i].iov_len;
	if (len > file->length - file->offset)
		return error_set(error, "uploads: more bytes than were announced");
	if (path_of(part, folder, file->id, ".part", error) < 0 ||
	    path_of(log, folder, file->id, ".log", error) < 0)
		return -1;
	if (write_part(part, file, pieces, count) < 0)
		return error_set_errno(error, "uploads: %s", part);
	crash_point("upload.written");
	/* complete is what has the name, so that goes first: an offset that says so of
	 * a .part file would never be read */
	if (file->offset + len == file->length && rename(part, log) < 0)
		return error_set_errno(error, "uploads: %s", log);
	crash_point("upload.named");
	file->offset += len;
	return save(folder, file, error);
}

/* the last part was written and renamed, but not noted */
int upload_file_recover(const char *folder, struct upload_file *file,
			struct error *error)
{
	char log[PATH_MAX];
	struct stat status;

	if (upload_file_complete(file))
		return 0;
	if (path_of(log, folder, file->id, ".log", error) < 0)
		return -1;
	if (stat(log, &status) != 0 || status.st_size != file->length)
		return 0;
	file->offset = file->length;
	return save(folder, file, error);
}

int upload_file_open(const char *folder, const char *id, struct error *error)
{
	char path[PATH_MAX];
	int fd = -1;

	if (path_of(path, folder, id, ".log", error) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, "uploads: %s", path);
	return fd;
}

void upload_file_remove(const char *folder, const char *id)
{
	static const char *const suffixes[] = { ".part", ".log", ".new", ".json" };
	char path[PATH_MAX];
	struct error ignored;

	/* .json last: without it nobody would find the others */
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (path_of(path, folder, id, suffixes[i], &ignored) == 0)
			(void)unlink(path); /* not there is fine */
	}
}

bool upload_file_complete(const struct upload_file *file)
{
	return file->offset == file->length;
}
