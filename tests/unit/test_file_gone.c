/* test_file_gone.c - a file is gone only when no pattern and no folder leads to it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "daemon/file_gone.h"
#include "temp_folder.h"

#define PATH_MAX_HERE 256

static char folder[TEMP_FOLDER_MAX];

static int setup(void **state)
{
	(void)state;
	return temp_folder_make(folder);
}

static int teardown(void **state)
{
	(void)state;
	return temp_folder_remove(folder);
}

static const char *in_folder(const char *name, char out[PATH_MAX_HERE])
{
	(void)snprintf(out, PATH_MAX_HERE, "%s/%s", folder, name);
	return out;
}

static void make(const char *name)
{
	char path[PATH_MAX_HERE];
	FILE *file = fopen(in_folder(name, path), "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

/* as sources/tail_file.c names a stream */
static void name_stream(const char *name, char out[PATH_MAX_HERE])
{
	char path[PATH_MAX_HERE];
	struct stat stat_of = { 0 };

	assert_int_equal(stat(in_folder(name, path), &stat_of), 0);
	(void)snprintf(out, PATH_MAX_HERE, "%" PRIx64 ":%" PRIu64 ":17",
		       (uint64_t)stat_of.st_dev, (uint64_t)stat_of.st_ino);
}

static bool is_gone(const char *pattern, const char *stream, const char *path)
{
	char whole[PATH_MAX_HERE];
	const char *const patterns[] = { in_folder(pattern, whole) };
	struct file_gone *look = file_gone_new(patterns, ARRAY_LEN(patterns));
	bool gone = file_gone_is(look, stream, path, NULL);

	file_gone_free(&look);
	return gone;
}

static void follows_a_file(void **state)
{
	char stream[PATH_MAX_HERE];
	char a[PATH_MAX_HERE];
	char b[PATH_MAX_HERE];

	(void)state;
	make("app.log");
	make("other.log");
	name_stream("app.log", stream);
	in_folder("app.log", a);
	assert_false(is_gone("app.log", stream, a));
	/* rotated to where no pattern leads, but beside its old name */
	assert_int_equal(rename(a, in_folder("app.log.1", b)), 0);
	assert_false(is_gone("app.log", stream, a));
	/* to another folder, which a pattern names */
	assert_int_equal(mkdir(in_folder("old", a), 0700), 0);
	assert_int_equal(rename(b, in_folder("old/app.log.1", a)), 0);
	in_folder("app.log", b);
	assert_false(is_gone("*/app.log*", stream, b));
	assert_true(is_gone("app.log", stream, b));
	assert_int_equal(unlink(a), 0);
	assert_true(is_gone("*/app.log*", stream, b));
}

static void needs_the_device(void **state)
{
	char stream[PATH_MAX_HERE];
	char other[PATH_MAX_HERE + 1];
	char path[PATH_MAX_HERE];
	char dir[PATH_MAX_HERE];

	(void)state;
	assert_int_equal(mkdir(in_folder("pod", dir), 0700), 0);
	make("pod/app.log");
	name_stream("pod/app.log", stream);
	in_folder("pod/app.log", path);
	assert_int_equal(unlink(path), 0);
	assert_true(is_gone("pod/*", stream, path));
	/* the folder is gone with it */
	assert_int_equal(rmdir(dir), 0);
	assert_true(is_gone("pod/*", stream, path));
	/* what is there now is another file system */
	(void)snprintf(other, sizeof(other), "1%s", stream);
	assert_false(is_gone("pod/*", other, path));
	assert_false(is_gone("pod/*", "0:17", path));
	assert_false(is_gone("pod/*", "", path));
	assert_false(is_gone("pod/*", stream, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_file),
		cmocka_unit_test(needs_the_device),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
