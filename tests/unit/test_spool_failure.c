/* test_spool_failure.c - a disk that is full or fails: kept, written later, once, in
 * order
 *
 * pwritev, fdatasync and fsync are wrapped: the disk has a number of bytes left, and a
 * number of syncs that fail. A sync that fails loses what it should have written, and
 * the next one succeeds, as Linux does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/spool_format.h"
#include "tests/unit/spool_fixture.h"

/* what the linker's --wrap calls them */
ssize_t disk_pwritev(int fd, const struct iovec *iov, int count,
		     off_t offset) __asm__("__wrap_pwritev");
int disk_fdatasync(int fd) __asm__("__wrap_fdatasync");
int disk_fsync(int fd) __asm__("__wrap_fsync");
int real_fdatasync(int fd) __asm__("__real_fdatasync");
int real_fsync(int fd) __asm__("__real_fsync");

static struct {
	atomic_llong room;
	atomic_int failing_syncs;
	atomic_int failing_folder_syncs;
	atomic_llong synced; /* bytes of the file that was written last */
	atomic_int attempts;
} disk;

/* a write takes what there is room for, and only then fails: a partial frame is left */
ssize_t disk_pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	size_t written = 0;

	atomic_fetch_add(&disk.attempts, 1);
	if (offset == 0)
		atomic_store(&disk.synced, 0);
	for (int i = 0; i < count; i++) {
		long long room = atomic_load(&disk.room);
		size_t len = iov[i].iov_len;

		if (room < (long long)len)
			len = (size_t)room;
		if (pwrite(fd, iov[i].iov_base, len, offset + (off_t)written) !=
		    (ssize_t)len)
			return -1;
		atomic_fetch_sub(&disk.room, (long long)len);
		written += len;
	}
	if (written > 0)
		return (ssize_t)written;
	errno = ENOSPC;
	return -1;
}

static void lose_unsynced(int fd)
{
	struct stat st = { 0 };
	char zero = 0;

	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = atomic_load(&disk.synced); at < st.st_size; at++)
		assert_int_equal(pwrite(fd, &zero, 1, at), 1);
}

int disk_fdatasync(int fd)
{
	struct stat st = { 0 };

	if (atomic_load(&disk.failing_syncs) > 0) {
		atomic_fetch_sub(&disk.failing_syncs, 1);
		lose_unsynced(fd);
		errno = EIO;
		return -1;
	}
	assert_int_equal(fstat(fd, &st), 0);
	atomic_store(&disk.synced, st.st_size);
	return real_fdatasync(fd);
}

int disk_fsync(int fd)
{
	if (atomic_load(&disk.failing_folder_syncs) == 0)
		return real_fsync(fd);
	atomic_fetch_sub(&disk.failing_folder_syncs, 1);
	errno = EIO;
	return -1;
}

static atomic_int complaints;

static void count_line(enum log_level level, const char *line, void *context)
{
	(void)level;
	(void)context;
	if (strstr(line, "cannot write") != NULL)
		atomic_fetch_add(&complaints, 1);
}

static int set_up(void **state)
{
	atomic_store(&disk.room, INT64_MAX);
	atomic_store(&disk.failing_syncs, 0);
	atomic_store(&disk.failing_folder_syncs, 0);
	atomic_store(&disk.attempts, 0);
	atomic_store(&complaints, 0);
	log_set_sink(count_line, NULL);
	return spool_fixture_setup(state);
}

static void name_record(int number, char text[32])
{
	(void)snprintf(text, 32, "record %04d", number); /* fits */
}

/* false: the spool takes nothing */
static bool submit(struct spool_fixture *fixture, int number)
{
	struct spool_entry entry = { 0 };
	char text[32];

	name_record(number, text);
	entry = spool_fixture_entry(text);
	return spool_append(fixture->spool, &entry, 1, spool_fixture_on_done, fixture);
}

/* what readers gave is all records below count, once and in order */
static void assert_records(struct spool_fixture *fixture, int count)
{
	char text[32];

	assert_true(spool_lanes_have(&fixture->lanes, (size_t)count));
	for (int i = 0; i < count; i++) {
		name_record(i, text);
		assert_string_equal(fixture->lanes.items[i].bytes, text);
	}
	assert_int_equal(fixture->lanes.skipped, 0);
}

/* the writer has tried so often */
static void await_attempts(int attempts)
{
	for (int ms = 0; ms < SPOOL_WAIT_MS && atomic_load(&disk.attempts) < attempts;
	     ms++)
		(void)usleep(1000);
	assert_true(atomic_load(&disk.attempts) >= attempts);
}

static void await_refusal(struct spool_fixture *fixture, int *number)
{
	for (int ms = 0; ms < SPOOL_WAIT_MS && submit(fixture, *number); ms++) {
		++*number;
		(void)usleep(1000);
	}
}

static void on_room(void *context, const struct error *error)
{
	struct spool_fixture *fixture = context;

	assert_null(error);
	fixture->rooms++;
}

static void read_again(struct spool_fixture *fixture, int count)
{
	spool_close(&fixture->spool);
	spool_lanes_clear(&fixture->lanes);
	spool_fixture_open(fixture, true);
	assert_records(fixture, count);
}

/* a full disk may leave none, a part, or several of the next frames */
static void test_disk_full(void **state)
{
	struct spool_fixture *fixture = *state;
	static const int steps[] = { 0, 1, 40, 56, 60, 67, 68, 130, 200 };
	int number = 0;

	spool_fixture_open(fixture, true);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int attempts = 0;

		assert_true(submit(fixture, number++));
		spool_fixture_wait(fixture, (size_t)number);
		attempts = atomic_load(&disk.attempts);
		atomic_store(&disk.room, steps[i]);
		await_refusal(fixture, &number);
		assert_true(fixture->done < (size_t)number);
		await_attempts(attempts + 2);
		fixture->rooms = 0;
		spool_wait_room(fixture->spool, on_room, fixture);
		assert_int_equal(fixture->rooms, 0);
		atomic_store(&disk.room, INT64_MAX);
		spool_fixture_wait(fixture, (size_t)number);
		assert_true(submit(fixture, number++));
		spool_fixture_wait(fixture, (size_t)number);
		assert_int_equal(fixture->rooms, 1);
		assert_int_equal(atomic_load(&complaints), i + 1);
	}
	assert_true(spool_source(fixture->spool)->stats.errors > 0);
	assert_records(fixture, number);
	read_again(fixture, number);
}

/* the first sync loses the bytes, a second of the same file would report success */
static void test_sync_fails(void **state)
{
	struct spool_fixture *fixture = *state;
	int number = 0;

	spool_fixture_open(fixture, true);
	for (int failures = 1; failures < 4; failures++) {
		assert_true(submit(fixture, number++));
		spool_fixture_wait(fixture, (size_t)number);
		atomic_store(&disk.failing_syncs, failures);
		assert_true(submit(fixture, number++));
		spool_fixture_wait(fixture, (size_t)number);
		assert_int_equal(atomic_load(&disk.failing_syncs), 0);
		assert_int_equal(spool_source(fixture->spool)->stats.errors,
				 failures * (failures + 1) / 2);
	}
	assert_int_equal(atomic_load(&complaints), 3);
	assert_records(fixture, number);
	read_again(fixture, number);
}

/* a segment whose name is not durable is made anew */
static void test_folder_sync_fails(void **state)
{
	struct spool_fixture *fixture = *state;

	fixture->config.segment_bytes = 1;
	spool_fixture_open(fixture, true);
	assert_true(submit(fixture, 0));
	spool_fixture_wait(fixture, 1);
	atomic_store(&disk.failing_folder_syncs, 2);
	assert_true(submit(fixture, 1));
	spool_fixture_wait(fixture, 2);
	assert_int_equal(atomic_load(&disk.failing_folder_syncs), 0);
	assert_int_equal(spool_source(fixture->spool)->stats.errors, 2);
	assert_records(fixture, 2);
	read_again(fixture, 2);
}

/* closed while the disk is full: whoever waits is told, and the log is whole */
static void test_closed_while_full(void **state)
{
	struct spool_fixture *fixture = *state;
	int number = 1;

	spool_fixture_open(fixture, false);
	assert_true(submit(fixture, 0));
	spool_fixture_wait(fixture, 1);
	atomic_store(&disk.room, 60);
	await_refusal(fixture, &number);
	spool_close(&fixture->spool);
	assert_int_equal(fixture->done, number);
	assert_int_equal(fixture->failed, number - 1);
	atomic_store(&disk.room, INT64_MAX);
	spool_fixture_open(fixture, true);
	assert_records(fixture, 1);
}

static atomic_int released;

static void release(void *memory)
{
	mem_free(memory);
	atomic_fetch_add(&released, 1);
}

/* an owned body of several frames, through a disk that fills up in the middle of it */
static void test_owned_body(void **state)
{
	struct spool_fixture *fixture = *state;
	size_t len = (1 << 20) + 12345;
	char *expected = mem_alloc(len);
	struct spool_owned owned = { NULL, release };
	struct spool_entry entry = spool_fixture_entry("");
	size_t at = 0;

	for (size_t i = 0; i < len; i++)
		expected[i] = (char)('a' + i % 23);
	owned.memory = mem_slice_dup(slice_of(expected, len));
	entry.bytes = slice_of(owned.memory, len);
	entry.whole_record = false;
	atomic_store(&released, 0);
	spool_fixture_open(fixture, true);
	atomic_store(&disk.room, 300000);
	assert_true(spool_append_owned(fixture->spool, &entry, &owned,
				       spool_fixture_on_done, fixture));
	await_attempts(3);
	assert_int_equal(atomic_load(&released), 0);
	atomic_store(&disk.room, INT64_MAX);
	spool_fixture_wait(fixture, 1);
	assert_int_equal(atomic_load(&released), 1);
	assert_true(spool_lanes_have(&fixture->lanes, 5));
	for (size_t i = 0; i < 5; i++) {
		const struct spool_seen_item *seen = &fixture->lanes.items[i];

		assert_memory_equal(seen->bytes, expected + at, seen->item.len);
		at += seen->item.len;
	}
	assert_int_equal(at, len);
	mem_free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_disk_full, set_up,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_sync_fails, set_up,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_folder_sync_fails, set_up,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_closed_while_full, set_up,
						spool_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_owned_body, set_up,
						spool_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
