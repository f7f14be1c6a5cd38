/* test_spool_damage.c - what a crash or a bad disk leaves: torn tail, corrupt frame */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "sources/spool_format.h"
#include "tests/unit/spool_fixture.h"

/* what a crash may leave of the last append, cut at each byte: all of it or nothing */
static void test_torn_tail(void **state)
{
	struct spool_fixture *fixture = *state;
	struct spool_entry entries[2] = { spool_fixture_entry("second"),
					  spool_fixture_entry("append") };
	const off_t kept = (off_t)SPOOL_HEADER_BYTES + 5;
	char path[128];
	off_t whole = 0;

	/* a frame each */
	entries[1].observed_timestamp_us++;
	spool_fixture_open(fixture, false);
	spool_fixture_append(fixture, "first");
	assert_true(spool_append(fixture->spool, entries, 2, spool_fixture_on_done,
				 fixture));
	spool_fixture_wait(fixture, 2);
	spool_close(&fixture->spool);
	spool_fixture_file(fixture, SPOOL_FIRST_SEGMENT, path);
	whole = spool_fixture_size(fixture, SPOOL_FIRST_SEGMENT);
	assert_int_equal(whole, 3 * SPOOL_HEADER_BYTES + 17);
	for (off_t cut = whole - 1; cut > kept; cut--) {
		/* the bytes in front of the cut stay as they were written */
		assert_int_equal(truncate(path, cut), 0);
		spool_fixture_open(fixture, false);
		assert_int_equal(spool_fixture_size(fixture, SPOOL_FIRST_SEGMENT),
				 kept);
		assert_true(spool_append(fixture->spool, entries, 2,
					 spool_fixture_on_done, fixture));
		spool_fixture_wait(fixture, fixture->done + 1);
		spool_close(&fixture->spool);
		assert_int_equal(spool_fixture_size(fixture, SPOOL_FIRST_SEGMENT),
				 whole);
	}
	spool_fixture_open(fixture, true);
	assert_true(spool_lanes_have(&fixture->lanes, 3));
	assert_int_equal(fixture->lanes.skipped, 0);
}

static void flip_byte(const struct spool_fixture *fixture, off_t at)
{
	char path[128];
	int fd = -1;
	char byte = 0;

	spool_fixture_file(fixture, SPOOL_FIRST_SEGMENT, path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (char)~byte;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_int_equal(close(fd), 0);
}

/* any damaged byte of the middle frame costs that frame, and is told as a gap */
static void test_corrupt_frame(void **state)
{
	struct spool_fixture *fixture = *state;
	const off_t size = (off_t)SPOOL_HEADER_BYTES + 3;

	spool_fixture_open(fixture, false);
	spool_fixture_append(fixture, "one");
	spool_fixture_append(fixture, "two");
	spool_fixture_append(fixture, "six");
	spool_close(&fixture->spool);
	for (off_t at = size; at < 2 * size; at++) {
		const struct chunk_item *item = NULL;

		flip_byte(fixture, at);
		spool_fixture_open(fixture, true);
		assert_true(spool_lanes_have(&fixture->lanes, 2));
		assert_string_equal(fixture->lanes.items[0].bytes, "one");
		assert_string_equal(fixture->lanes.items[1].bytes, "six");
		item = &fixture->lanes.items[1].item;
		assert_int_equal(item->flags & CHUNK_ITEM_GAP, CHUNK_ITEM_GAP);
		assert_int_equal(item->skipped, size);
		assert_int_equal(item->begin.offset, 2 * size);
		spool_close(&fixture->spool);
		spool_lanes_clear(&fixture->lanes);
		flip_byte(fixture, at);
	}
}

/* damage at the end of a finished segment: told without waiting for a next frame */
static void test_corrupt_end(void **state)
{
	struct spool_fixture *fixture = *state;
	const off_t size = (off_t)SPOOL_HEADER_BYTES + 3;

	fixture->config.segment_bytes = 1;
	spool_fixture_open(fixture, false);
	spool_fixture_append(fixture, "one");
	spool_fixture_append(fixture, "two");
	spool_close(&fixture->spool);
	flip_byte(fixture, size - 1);
	spool_fixture_open(fixture, true);
	assert_true(spool_lanes_have(&fixture->lanes, 2));
	assert_int_equal(fixture->lanes.items[0].item.len, 0);
	assert_int_equal(fixture->lanes.items[0].item.skipped, size);
	assert_string_equal(fixture->lanes.items[1].bytes, "two");
	assert_int_equal(fixture->lanes.items[1].item.skipped, 0);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_torn_tail, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_corrupt_frame, spool_fixture_setup,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_corrupt_end, spool_fixture_setup,
						spool_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
