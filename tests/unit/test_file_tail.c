/* test_file_tail.c - real files: growth, rotation, truncation, restart; each byte once
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
#include <utime.h>

#include "base/log.h"
#include "sources/file_tail.h"
#include "tests/unit/tail_fixture.h"

static void test_growth(void **state)
{
	struct tail_fixture *fixture = *state;

	tail_fixture_write(fixture, "a.log", "one\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", false));
	tail_fixture_write(fixture, "a.log", "tw", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntw", false));
	tail_fixture_write(fixture, "a.log", "o\nthree", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\nthree", false));
	assert_int_equal(tail_lanes_count(&fixture->lanes), 1);
	assert_int_equal(fixture->source->stats.received_bytes, 13);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

static void test_rotation_by_rename(void **state)
{
	struct tail_fixture *fixture = *state;

	tail_fixture_write(fixture, "a.log", "old 1\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "old 1\n", false));
	tail_fixture_write(fixture, "a.log", "old 2\n", "a");
	tail_fixture_rename(fixture, "a.log", "a.log.1");
	tail_fixture_write(fixture, "a.log", "new 1\n", "w");
	tail_fixture_write(fixture, "a.log.1", "old 3\n", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "new 1\n", false));
	assert_true(tail_lanes_give(&fixture->lanes, 0, "old 1\nold 2\nold 3\n", true));
	tail_fixture_write(fixture, "a.log", "new 2\n", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "new 1\nnew 2\n", false));
	assert_int_equal(tail_lanes_count(&fixture->lanes), 2);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* a network file system: no event tells of what another host writes */
static void test_polling(void **state)
{
	struct tail_fixture *fixture = *state;

	fixture->config.poll_only = true;
	test_rotation_by_rename(state);
	tail_fixture_write(fixture, "b.log", "appears\n", "w");
	assert_true(tail_lanes_give(&fixture->lanes, 2, "appears\n", false));
	tail_fixture_write(fixture, "b.log", "other\n", "w");
	assert_true(tail_lanes_give(&fixture->lanes, 3, "other\n", false));
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* read to its end and committed, then renamed back: nothing is read twice */
static void test_renamed_back(void **state)
{
	struct tail_fixture *fixture = *state;
	struct tail_seen first;

	tail_fixture_write(fixture, "a.log", "one\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", false));
	tail_fixture_rename(fixture, "a.log", "kept");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", true));
	first = tail_lanes_stream(&fixture->lanes, 0);
	fixture->source->ops->committed(fixture->source, first.id, first.end);
	(void)usleep(100000);
	tail_fixture_write(fixture, "kept", "two\n", "a");
	tail_fixture_rename(fixture, "kept", "a.log");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "two\n", false));
	assert_string_equal(first.name, tail_lanes_stream(&fixture->lanes, 1).name);
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 1).begin.offset, 4);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

struct truncation {
	const char *before;
	const char *after;
};

/* the second case has grown past the old offset before anyone looked */
static const struct truncation truncations[] = {
	{ "first line\nsecond line\n", "short\n" },
	{ "first line\n", "another line, longer\nthan the first\n" },
	{ "same\n", "" },
};

static void test_truncation(void **state)
{
	struct tail_fixture *fixture = *state;

	tail_fixture_start(fixture, NULL);
	for (size_t i = 0; i < sizeof(truncations) / sizeof(truncations[0]); i++) {
		const struct truncation *t = &truncations[i];
		size_t base = tail_lanes_count(&fixture->lanes);

		tail_fixture_write(fixture, "a.log", t->before, "w");
		assert_true(tail_lanes_give(&fixture->lanes, base, t->before, false));
		tail_fixture_write(fixture, "a.log", t->after, "w");
		assert_true(tail_lanes_give(&fixture->lanes, base, t->before, true));
		if (t->after[0] != '\0')
			assert_true(tail_lanes_give(&fixture->lanes, base + 1, t->after,
						    false));
	}
	assert_true(fixture->source->stats.errors >= 3);
	assert_string_not_equal(tail_lanes_stream(&fixture->lanes, 0).name,
				tail_lanes_stream(&fixture->lanes, 1).name);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

static void test_restart(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	tail_fixture_write(fixture, "a.log", "one\ntwo\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\n", false));
	tail_fixture_stop_and_store(fixture, &stored, &positions);
	stored.position.offset = 4; /* the rest was not committed */
	tail_fixture_write(fixture, "a.log", "three\n", "a");
	tail_fixture_start(fixture, &positions);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "two\nthree\n", false));
	assert_string_equal(tail_lanes_stream(&fixture->lanes, 0).name, stored.stream);
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 0).begin.offset, 4);
	tail_fixture_free_stored(&stored);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* renamed while the daemon was down, to a name that no pattern matches */
static void test_renamed_while_down(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	tail_fixture_write(fixture, "a.log", "one\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", false));
	tail_fixture_stop_and_store(fixture, &stored, &positions);
	tail_fixture_write(fixture, "a.log", "two\n", "a");
	tail_fixture_rename(fixture, "a.log", "a.log.1");
	tail_fixture_write(fixture, "a.log", "new\n", "w");
	fixture->config.start_at = TAIL_START_END; /* not the first start: no matter */
	tail_fixture_start(fixture, &positions);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "new\n", false));
	assert_true(tail_lanes_give(&fixture->lanes, 1, "two\n", true));
	assert_string_equal(tail_lanes_stream(&fixture->lanes, 1).name, stored.stream);
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 1).begin.offset, 4);
	tail_fixture_free_stored(&stored);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* the inode is the same, the log is not: the stored position does not apply */
static void test_inode_used_again(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	tail_fixture_write(fixture, "a.log", "one\ntwo\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\n", false));
	tail_fixture_stop_and_store(fixture, &stored, &positions);
	tail_fixture_write(fixture, "a.log", "another log, longer than the old one\n",
			   "w");
	tail_fixture_start(fixture, &positions);
	assert_true(tail_lanes_give(&fixture->lanes, 0,
				    "another log, longer than the old one\n", false));
	assert_string_not_equal(tail_lanes_stream(&fixture->lanes, 0).name,
				stored.stream);
	tail_fixture_free_stored(&stored);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

static void test_start_at_end(void **state)
{
	struct tail_fixture *fixture = *state;

	fixture->config.start_at = TAIL_START_END;
	tail_fixture_write(fixture, "a.log", "before\n", "w");
	tail_fixture_start(fixture, NULL);
	(void)usleep(100000);
	tail_fixture_write(fixture, "a.log", "after\n", "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "after\n", false));
	tail_fixture_write(fixture, "b.log", "whole\n", "w");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "whole\n", false));
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 0).begin.offset, 7);
}

static void test_rewind(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { &stored, 1 };

	tail_fixture_write(fixture, "a.log", "one\ntwo\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\n", false));
	stored.stream = tail_lanes_stream(&fixture->lanes, 0).name;
	stored.detail = tail_lanes_stream(&fixture->lanes, 0).detail;
	stored.position.offset = 4;
	fixture->source->ops->rewind(fixture->source, &positions);
	assert_true(tail_lanes_give(&fixture->lanes, 1, "two\n", false));
	/* nothing stored: from where this daemon began */
	positions.count = 0;
	fixture->source->ops->rewind(fixture->source, &positions);
	assert_true(tail_lanes_give(&fixture->lanes, 2, "one\ntwo\n", false));
	assert_string_equal(tail_lanes_stream(&fixture->lanes, 2).name, stored.stream);
	assert_false(tail_lanes_broken(&fixture->lanes));
}

/* deleted before all was committed: a rewind still finds its bytes */
static void test_rewind_of_deleted(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_positions none = { 0 };
	char path[128];

	tail_fixture_write(fixture, "a.log", "one\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", false));
	tail_fixture_path(fixture, "a.log", path);
	assert_int_equal(unlink(path), 0);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\n", true));
	(void)usleep(100000);
	fixture->source->ops->rewind(fixture->source, &none);
	assert_true(tail_lanes_give(&fixture->lanes, 1, "one\n", true));
	assert_false(tail_lanes_broken(&fixture->lanes));
}

static void test_turns(void **state)
{
	struct tail_fixture *fixture = *state;
	char big[2001];
	size_t at = 0;

	memset(big, 'A', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	fixture->config.read_bytes = 100;
	tail_fixture_write(fixture, "a.log", big, "w");
	tail_fixture_write(fixture, "b.log", "B small\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, big, false));
	assert_true(tail_lanes_give(&fixture->lanes, 1, "B small\n", false));
	tail_fixture_stop(fixture);
	while (at < fixture->lanes.chunks && fixture->lanes.order[at] == 'A')
		at++;
	assert_true(at < 3); /* the small file did not wait for the big one */
	assert_false(tail_lanes_broken(&fixture->lanes));
}

struct lines {
	char text[8192];
};

static void keep_line(enum log_level level, const char *line, void *context)
{
	struct lines *lines = context;
	size_t used = strlen(lines->text);

	(void)level;
	(void)snprintf(lines->text + used, sizeof(lines->text) - used, "%s", line);
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		count++;
	return count;
}

static void test_skipped(void **state)
{
	struct tail_fixture *fixture = *state;
	static const char *const excludes[] = { "no*.log" };
	static struct lines lines;
	static const char *const reasons[] = { "symbolic link", "directory", "FIFO",
					       "older than ignore_older" };
	struct utimbuf old = { 1000, 1000 };
	char path[128];

	log_set_sink(keep_line, &lines);
	fixture->config.excludes = excludes;
	fixture->config.excludes_count = 1;
	fixture->config.ignore_older_s = 3600;
	fixture->config.follow_symlinks = false;
	tail_fixture_path(fixture, "link.log", path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	tail_fixture_path(fixture, "folder.log", path);
	assert_int_equal(mkdir(path, 0700), 0);
	tail_fixture_path(fixture, "fifo.log", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	tail_fixture_write(fixture, "old.log", "old\n", "w");
	tail_fixture_path(fixture, "old.log", path);
	assert_int_equal(utime(path, &old), 0);
	tail_fixture_write(fixture, "not.log", "excluded\n", "w");
	tail_fixture_write(fixture, "a.log", "read\n", "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "read\n", false));
	(void)usleep(200000);
	tail_fixture_stop(fixture);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		assert_int_equal(count_of(lines.text, reasons[i]), 1);
	assert_int_equal(tail_lanes_count(&fixture->lanes), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_growth, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rotation_by_rename,
						tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_polling, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_renamed_back, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_truncation, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_restart, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_renamed_while_down,
						tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_inode_used_again,
						tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_start_at_end, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rewind, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rewind_of_deleted,
						tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_turns, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_skipped, tail_fixture_setup,
						tail_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
