/* test_rules_cache.c - compiled rules are kept, used again, and made anew when the file
 * does not fit; the program's own fit the program
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embedded.h"
#include "daemon/rules_cache.h"
#include "daemon/shipped_rules.h"

extern const struct embedded_file shipped_rules_images[];

#define RULE(words)                                                                        \
	"id: r\ntitle: t\nseverity: LOW\nconfidence: 0.5\nmatch: {message: {words: " words \
	"}}\n"

struct folder {
	char path[64];
	char rules[96];
	char image[96];
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	static struct folder folder;

	(void)snprintf(folder.path, sizeof(folder.path),
		       "/tmp/test_rules_cache.XXXXXX");
	assert_non_null(mkdtemp(folder.path));
	(void)snprintf(folder.rules, sizeof(folder.rules), "%s/r.yaml", folder.path);
	(void)snprintf(folder.image, sizeof(folder.image), "%s/rules.image",
		       folder.path);
	write_file(folder.rules, RULE("disk full"));
	*state = &folder;
	return 0;
}

static int teardown(void **state)
{
	const struct folder *folder = *state;

	(void)unlink(folder->rules);
	(void)unlink(folder->image);
	(void)rmdir(folder->image); /* one test makes it a folder */
	return rmdir(folder->path); /* fails when anything else was left */
}

/* whether they were compiled */
static bool load(const struct folder *folder)
{
	struct rules *rules = NULL;
	struct error error = { 0 };
	bool compiled = false;

	if (rules_cache_load(folder->path, folder->path, &rules, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(rules_count(rules), 1);
	compiled = rules_compiled(rules);
	rules_free(&rules);
	return compiled;
}

static void test_kept(void **state)
{
	const struct folder *folder = *state;
	struct stat found = { 0 };

	assert_true(load(folder));
	assert_false(load(folder));
	assert_int_equal(stat(folder->image, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	write_file(folder->rules, RULE("disk gone"));
	assert_true(load(folder));
	assert_false(load(folder));
}

static void test_damaged(void **state)
{
	const struct folder *folder = *state;
	struct stat found = { 0 };

	assert_true(load(folder));
	assert_int_equal(stat(folder->image, &found), 0);
	assert_int_equal(truncate(folder->image, found.st_size - 1), 0);
	assert_true(load(folder));
	assert_false(load(folder));
	write_file(folder->image, "");
	assert_true(load(folder));
	assert_int_equal(truncate(folder->image, (off_t)RULES_IMAGE_MAX + 1), 0);
	assert_true(load(folder));
	assert_false(load(folder));
}

/* the file cannot be written: rules are compiled at each start, that is all */
static void test_not_kept(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(mkdir(folder->image, 0700), 0);
	assert_true(load(folder));
	assert_true(load(folder));
}

static void test_bad_rules(void **state)
{
	const struct folder *folder = *state;
	struct rules *rules = NULL;
	struct error error = { 0 };

	write_file(folder->rules, RULE("[]") "colour: red\n");
	assert_int_equal(rules_cache_load(folder->path, folder->path, &rules, &error),
			 -1);
	assert_null(rules);
	assert_int_equal(access(folder->image, F_OK), -1);
	assert_int_equal(rules_cache_load("/nonexistent", folder->path, &rules, &error),
			 -1);
	assert_string_equal(error.text,
			    "rules /nonexistent: open: No such file or directory");
}

/* a build that made an image made one of just these rules */
static void test_shipped(void **state)
{
	struct rules *rules = NULL;
	struct error error = { 0 };

	(void)state;
	if (shipped_rules_load(NULL, &rules, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(rules_compiled(rules), shipped_rules_images[0].bytes.len == 0);
	rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_rules, setup, teardown),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
