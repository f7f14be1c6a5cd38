/* host_id.c - a random id in a file, made once */
#include "daemon/host_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"

static bool is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == HOST_ID_MAX - 1 &&
	       text[HOST_ID_MAX - 1] == '\0';
}

static int read_id(const char *path, char out[HOST_ID_MAX], struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = 0;

	if (fd < 0)
		return error_set_errno(error, "%s", path);
	len = read(fd, out, HOST_ID_MAX - 1);
	(void)close(fd); /* only read from */
	if (len < 0)
		return error_set_errno(error, "%s", path);
	out[len] = '\0';
	if (!is_id(out))
		return error_set(error, "%s: is not 32 hex digits", path);
	return 0;
}

static int sync_folder(const char *folder, struct error *error)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		(void)close(fd); /* only synced */
	return status < 0 ? error_set_errno(error, "%s: fsync", folder) : 0;
}

static int write_file(const char *path, const char *id, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written = false;

	if (fd < 0)
		return error_set_errno(error, "%s", path);
	written = write(fd, id, HOST_ID_MAX - 1) == HOST_ID_MAX - 1 && fsync(fd) == 0;
	if (close(fd) < 0 || !written)
		return error_set_errno(error, "%s", path);
	return 0;
}

/* there whole or not at all: a half-written id would never be accepted again */
static int write_id(const char *folder, const char *path, const char *id,
		    struct error *error)
{
	struct buf made = { 0 };
	int status = 0;

	buf_printf(&made, "%s.new", path);
	buf_append_char(&made, '\0');
	status = write_file(made.data, id, error);
	if (status == 0 && rename(made.data, path) < 0)
		status = error_set_errno(error, "%s", path);
	buf_deinit(&made);
	return status < 0 ? -1 : sync_folder(folder, error);
}

static int make_id(char out[HOST_ID_MAX], struct error *error)
{
	unsigned char bytes[(HOST_ID_MAX - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set_errno(error, "getrandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]); /* always fits */
	return 0;
}

int host_id_load(const char *state_dir, char out[HOST_ID_MAX], struct error *error)
{
	struct buf path = { 0 };
	int status = 0;

	buf_printf(&path, "%s/host_id", state_dir);
	buf_append_char(&path, '\0');
	if (access(path.data, F_OK) == 0)
		status = read_id(path.data, out, error);
	else if (errno != ENOENT)
		status = error_set_errno(error, "%s", path.data);
	else if ((status = make_id(out, error)) == 0)
		status = write_id(state_dir, path.data, out, error);
	buf_deinit(&path);
	return status;
}
