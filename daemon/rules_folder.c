/* rules_folder.c - looking for the shipped rules beside the binary and where it is
 * installed */
#include "daemon/rules_folder.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* relative to the folder of the binary: installed in PREFIX/bin, or built in
 * build/PRESET */
static const char *const beside[] = { "../share/siftd/rules", "../../conf/rules" };

static bool is_folder(const char *path)
{
	struct stat status = { 0 };

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static size_t binary_folder(char *space, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", space, size - 1);
	char *slash = NULL;

	if (len <= 0)
		return 0;
	space[len] = '\0';
	slash = strrchr(space, '/');
	if (slash != NULL)
		*slash = '\0';
	return strlen(space);
}

int rules_folder_find(const char *configured, char **out, struct error *error)
{
	char folder[PATH_MAX];
	struct buf tried = { 0 };

	if (configured != NULL) {
		if (!is_folder(configured))
			return error_set(error, "rules_dir %s: no such folder",
					 configured);
		*out = mem_strdup(configured);
		return 0;
	}
	if (binary_folder(folder, sizeof(folder)) == 0)
		return error_set_errno(error, "/proc/self/exe");
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		struct buf path = { 0 };

		buf_printf(&path, "%s/%s", folder, beside[i]);
		buf_append_char(&path, '\0');
		if (is_folder(path.data)) {
			*out = buf_take(&path);
			buf_deinit(&tried);
			return 0;
		}
		buf_printf(&tried, "%s%s", i == 0 ? "" : ", ", path.data);
		buf_deinit(&path);
	}
	buf_append_char(&tried, '\0');
	(void)error_set(error, "no rules found, tried %s; set rules_dir", tried.data);
	buf_deinit(&tried);
	return -1;
}

void rules_folder_free(char **folder)
{
	mem_free(*folder);
	*folder = NULL;
}
