/* state_dir.c - making and locking the folder */
#include "daemon/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int make(const char *path, struct error *error)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_set_errno(error, "state_dir %s", path);
	if (access(path, R_OK | W_OK | X_OK) < 0)
		return error_set_errno(error, "state_dir %s", path);
	return 0;
}

/* before anything is touched: the embedded server would be adopted, and stopped at the
 * end */
static int lock(const char *path, int *fd_out, struct error *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(error, "state_dir %s", path);
	*fd_out = fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return error_set(error, "state_dir %s: another siftd runs there", path);
	return error_set_errno(error, "state_dir %s: lock", path);
}

int state_dir_take(const char *path, int *fd_out, struct error *error)
{
	return make(path, error) < 0 ? -1 : lock(path, fd_out, error);
}
