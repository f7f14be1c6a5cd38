/* pg_programs.c - looking for postgres and initdb */
#include "daemon/pg_programs.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static const char *const patterns[] = { "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
					"/usr/local/pgsql/bin",
					"/opt/homebrew/opt/postgresql@*/bin" };

static bool has_program(const char *folder, size_t len, const char *name)
{
	char path[4096];
	int written = snprintf(path, sizeof(path), "%.*s/%s", (int)len, folder, name);

	return written > 0 && (size_t)written < sizeof(path) && access(path, X_OK) == 0;
}

static bool has_programs(const char *folder, size_t len)
{
	return len > 0 && has_program(folder, len, "postgres") &&
	       has_program(folder, len, "initdb");
}

/* the number in the folder's name; 0 when it has none */
static unsigned major_of(const char *path)
{
	const char *digit = path + strcspn(path, "0123456789");

	return (unsigned)strtoul(digit, NULL, 10);
}

static char *find_in_folders(unsigned major)
{
	char *best = NULL;
	unsigned best_major = 0;

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		glob_t found = { 0 };
		int status = 0;

		/* without a tilde in the pattern it asks no user database */
		status = glob(patterns[i], 0, NULL, &found); /* NOLINT */
		if (status == 0)
			for (size_t j = 0; j < found.gl_pathc; j++) {
				const char *path = found.gl_pathv[j];
				unsigned here = major_of(path);

				if (!has_programs(path, strlen(path)) ||
				    (major != 0 && here != major) ||
				    (best != NULL && here <= best_major))
					continue;
				mem_free(best);
				best = mem_strdup(path);
				best_major = here;
			}
		globfree(&found);
	}
	return best;
}

static char *find_in_path(void)
{
	const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe) at start */

	while (path != NULL && *path != '\0') {
		size_t len = strcspn(path, ":");

		if (has_programs(path, len))
			return mem_slice_dup(slice_of(path, len));
		path += len;
		path += *path == ':';
	}
	return NULL;
}

int pg_programs_find(unsigned major, char **out, struct error *error)
{
	*out = find_in_folders(major);
	if (*out == NULL)
		*out = find_in_path();
	if (*out != NULL)
		return 0;
	if (major != 0)
		return error_set(
			error,
			"embedded_pg: the data was made by PostgreSQL %u, whose "
			"server programs are not installed: install postgresql-%u",
			major, major);
	return error_set(error,
			 "embedded_pg: no PostgreSQL server is installed: install "
			 "the package postgresql (15 or later), or set "
			 "database.url to a server that runs elsewhere");
}
