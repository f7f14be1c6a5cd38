/* secret_file.c - reading a secret */
#include "daemon/secret_file.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/slice.h"

int secret_file_read(const char *option, const char *path, char **out,
		     struct error *error)
{
	char text[SECRET_FILE_MAX + 1];
	FILE *file = fopen(path, "re");
	size_t len = 0;
	struct slice secret = { 0 };

	if (file == NULL)
		return error_set_errno(error, "%s %s", option, path);
	len = fread(text, 1, sizeof(text), file);
	(void)fclose(file); /* only read from */
	secret = slice_trim(slice_of(text, len));
	if (len > SECRET_FILE_MAX || secret.len == 0)
		return error_set(error, "%s %s: holds no text of 1 to %d bytes", option,
				 path, SECRET_FILE_MAX);
	*out = mem_slice_dup(secret);
	return 0;
}
