/* pg_socket.c - naming the folder of the socket, and quoting it for libpq */
#include "daemon/pg_socket.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash64.h"

/* sun_path holds 108 bytes with its NUL */
#define SOCKET_PATH_MAX 107
#define SOCKET_NAME "/.s.PGSQL.5432"

char *pg_socket_dir(const char *folder)
{
	struct buf path = { 0 };
	bool in_run = access("/run", W_OK) == 0;

	buf_printf(&path, "%s/run", folder);
	if (path.len + strlen(SOCKET_NAME) <= SOCKET_PATH_MAX)
		return buf_take(&path);
	buf_clear(&path);
	buf_printf(&path, "%s/siftd-pg-%016llx", in_run ? "/run" : "/tmp",
		   (unsigned long long)hash64(slice_str(folder), 0));
	return buf_take(&path);
}

static void append_quoted(struct buf *out, const char *value)
{
	buf_append_char(out, '\'');
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			buf_append_char(out, '\\');
		buf_append_char(out, *value);
	}
	buf_append_char(out, '\'');
}

char *pg_socket_conninfo(const char *socket_dir, const char *database)
{
	struct buf conninfo = { 0 };

	buf_append_str(&conninfo, "host=");
	append_quoted(&conninfo, socket_dir);
	buf_printf(&conninfo, " port=5432 user=siftd dbname=%s", database);
	return buf_take(&conninfo);
}
