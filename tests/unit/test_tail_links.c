/* test_tail_links.c - symbolic links: followed, read once, retargeted, rotated behind
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sources/file_tail.h"
#include "tests/unit/tail_fixture.h"

/* the files lie in a folder that the pattern does not name */
static int set_up(void **state)
{
	char path[128];

	if (tail_fixture_setup(state) < 0)
		return -1;
	tail_fixture_path(*state, "pods", path);
	return mkdir(path, 0700);
}

/* relative or absolute, in place of a link that is there */
static void link_to(const struct tail_fixture *fixture, const char *target,
		    const char *name)
{
	char path[128];
	char made[128];

	tail_fixture_path(fixture, "made", made);
	tail_fixture_path(fixture, name, path);
	assert_int_equal(symlink(target, made), 0);
	assert_int_equal(rename(made, path), 0);
}

static void test_two_names_and_a_chain(void **state)
{
	struct tail_fixture *fixture = *state;
	static const char *const excludes[] = { "not*.log" };

	fixture->config.excludes = excludes;
	fixture->config.excludes_count = 1;
	tail_fixture_write(fixture, "pods/0", "one\n", "w");
	tail_fixture_write(fixture, "pods/1", "excluded\n", "w");
	link_to(fixture, "pods/0", "between");
	link_to(fixture, "between", "a.log");
	link_to(fixture, "pods/0", "b.log");
	link_to(fixture, "pods/1", "not.log");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", false));
	tail_fixture_write(fixture, "pods/0", "two\n", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\n", false));
	(void)usleep(100000);
	assert_int_equal(tail_lanes_count(&fixture->lanes), 1);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

static void test_retargeted(void **state)
{
	struct tail_fixture *fixture = *state;

	tail_fixture_write(fixture, "pods/0", "old 1\n", "w");
	link_to(fixture, "pods/0", "a.log");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "old 1\n", false));
	tail_fixture_write(fixture, "pods/0", "old 2\n", "a");
	tail_fixture_write(fixture, "pods/1", "new\n", "w");
	link_to(fixture, "pods/1", "a.log");
	tail_fixture_write(fixture, "pods/0", "old 3\n", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "new\n", false));
	assert_true(tail_lanes_give(&fixture->lanes, 0, "old 1\nold 2\nold 3\n", true));
	assert_int_equal(tail_lanes_count(&fixture->lanes), 2);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* heard of by a watch of the target's folder, long before the next scan is due */
static void test_target_rotated(void **state)
{
	struct tail_fixture *fixture = *state;

	fixture->config.rescan_ms = 600000;
	tail_fixture_write(fixture, "pods/0", "old\n", "w");
	link_to(fixture, "pods/0", "a.log");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "old\n", false));
	(void)usleep(50000);
	tail_fixture_rename(fixture, "pods/0", "pods/0.1");
	tail_fixture_write(fixture, "pods/0", "new\n", "w");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "new\n", false));
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* while the daemon was down: renamed in its own folder, or left by its link */
static void test_left_while_down(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };
	static const char *const later[] = { "pods/0.1", "pods/0" };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		tail_fixture_write(fixture, "pods/0", "one\n", "w");
		link_to(fixture, "pods/0", "a.log");
		tail_fixture_start(fixture, NULL);
		assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", false));
		tail_fixture_stop_and_store(fixture, &stored, &positions);
		tail_fixture_write(fixture, "pods/0", "two\n", "a");
		tail_fixture_rename(fixture, "pods/0", later[i]);
		tail_fixture_write(fixture, "pods/1", "new\n", "w");
		link_to(fixture, "pods/1", "a.log");
		tail_fixture_start(fixture, &positions);
		assert_true(tail_lanes_give(&fixture->lanes, 0, "new\n", false));
		assert_true(tail_lanes_give(&fixture->lanes, 1, "two\n", true));
		assert_false(tail_lanes_broken(&fixture->lanes));
		tail_fixture_free_stored(&stored);
		tail_fixture_stop_and_store(fixture, &stored, &positions);
		tail_fixture_free_stored(&stored);
	}
}

static char said[4096];

static void keep_line(enum log_level level, const char *line, void *context)
{
	size_t used = strlen(said);

	(void)level;
	(void)context;
	(void)snprintf(said + used, sizeof(said) - used, "%s", line);
}

static void test_leads_to_no_file(void **state)
{
	struct tail_fixture *fixture = *state;
	static const char *const reasons[] = { "symbolic link to nothing",
					       "symbolic links in a circle",
					       "directory" };

	said[0] = '\0';
	log_set_sink(keep_line, NULL);
	link_to(fixture, "pods/none", "a.log");
	link_to(fixture, "b.log", "b.log");
	link_to(fixture, "pods", "c.log");
	link_to(fixture, "pods/0", "d.log");
	tail_fixture_write(fixture, "pods/0", "read\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "read\n", false));
	(void)usleep(100000);
	tail_fixture_stop(fixture);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const char *first = strstr(said, reasons[i]);

		assert_non_null(first);
		assert_null(strstr(first + 1, reasons[i]));
	}
	assert_int_equal(tail_lanes_count(&fixture->lanes), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_names_and_a_chain, set_up,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_retargeted, set_up,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_target_rotated, set_up,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_left_while_down, set_up,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_leads_to_no_file, set_up,
						tail_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
