/* test_tail_copy.c - compressed files and other copies: what was read is not read again
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/tail_fixture.h"

enum pack { PACK_GZIP, PACK_ZSTD, PACK_NONE };

static void pack_gzip(struct slice text, struct buf *out)
{
	z_stream gzip = { 0 };

	buf_reserve(out, text.len + 1024);
	assert_int_equal(
		deflateInit2(&gzip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	/* zlib does not change what it reads */
	memcpy(&gzip.next_in, &text.ptr, sizeof(gzip.next_in));
	gzip.avail_in = (uInt)text.len;
	gzip.next_out = (Bytef *)out->data;
	gzip.avail_out = (uInt)out->capacity;
	assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
	out->len = out->capacity - gzip.avail_out;
	assert_int_equal(deflateEnd(&gzip), Z_OK);
}

static void pack(enum pack how, struct slice text, struct buf *out)
{
	size_t len = 0;

	buf_clear(out);
	if (how == PACK_GZIP) {
		pack_gzip(text, out);
	} else if (how == PACK_ZSTD) {
		buf_reserve(out, ZSTD_compressBound(text.len));
		len = ZSTD_compress(out->data, out->capacity, text.ptr, text.len, 1);
		assert_false(ZSTD_isError(len));
		out->len = len;
	} else {
		buf_append_slice(out, text);
	}
}

static void write_bytes(const struct tail_fixture *fixture, const char *name,
			struct slice bytes, const char *mode)
{
	char path[128];
	FILE *file = NULL;

	tail_fixture_path(fixture, name, path);
	file = fopen(path, mode);
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static void write_packed(const struct tail_fixture *fixture, const char *name,
			 enum pack how, struct slice text)
{
	struct buf packed = { 0 };

	pack(how, text, &packed);
	write_bytes(fixture, name, buf_slice(&packed), "w");
	buf_deinit(&packed);
}

/* lines enough for several reads and blocks of the sum; the caller frees */
static char *many_lines(size_t count)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "2026-01-05T08:00:00Z INFO line %zu of many\n", i);
	return buf_take(&text);
}

static void unlink_file(const struct tail_fixture *fixture, const char *name)
{
	char path[128];

	tail_fixture_path(fixture, name, path);
	assert_int_equal(unlink(path), 0);
}

static void commit(struct tail_fixture *fixture, size_t stream)
{
	struct tail_seen seen = tail_lanes_stream(&fixture->lanes, stream);

	fixture->source->ops->committed(fixture->source, seen.id, seen.end);
}

struct copy {
	const char *name; /* of the copy */
	size_t read;      /* bytes of the log, before it was copied */
	enum pack how;
	bool is_other; /* begins like the log, and is none */
};

/* lines of about 44 bytes, 1000 of them */
#define LINES 1000

/* those that are not compressed need a name that rotation gives: two logs that begin
 * alike are two logs */
static const struct copy copies[] = {
	{ "a.gz.log", SIZE_MAX, PACK_GZIP, false },
	{ "a.gz.log", 20000, PACK_GZIP, false },
	{ "a.gz.log", 44, PACK_GZIP, false },
	{ "b.log", SIZE_MAX, PACK_ZSTD, false },
	{ "b.log", 20480, PACK_ZSTD, false },
	{ "b.log", 20480, PACK_ZSTD, true },
	{ "a-2026.log", SIZE_MAX, PACK_NONE, false },
	{ "a-2026.log", 20000, PACK_NONE, false },
	{ "a-2026.log", 20480, PACK_NONE, true },
	{ "b.log", 20480, PACK_NONE, true },
};

/* the log was read in part, copied, deleted; the copy gives what was not read of it */
static void check_copy(struct tail_fixture *fixture, const struct copy *copy)
{
	char *lines = many_lines(LINES);
	struct slice text = slice_str(lines);
	size_t read = copy->read < text.len ? copy->read : text.len;
	char *whole = mem_slice_dup(text);
	char *first = mem_slice_dup(slice_head(text, read));

	write_bytes(fixture, "a.log", slice_head(text, read), "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, first, false));
	unlink_file(fixture, "a.log");
	assert_true(tail_lanes_give(&fixture->lanes, 0, first, true));
	/* behind the first bytes, in what the sum covers */
	if (copy->is_other)
		whole[read - 100] ^= 1;
	write_packed(fixture, copy->name, copy->how, slice_str(whole));
	(void)usleep(150000);
	/* not before it is known how much of it is stored */
	assert_int_equal(tail_lanes_count(&fixture->lanes),
			 copy->is_other && strcmp(copy->name, "b.log") == 0 &&
					 copy->how == PACK_NONE
				 ? 2
				 : 1);
	commit(fixture, 0);
	assert_true(tail_lanes_give(&fixture->lanes, 1,
				    copy->is_other ? whole : whole + read,
				    copy->how != PACK_NONE || !copy->is_other));
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 1).begin.offset, 0);
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 1).end.offset, text.len);
	assert_false(tail_lanes_broken(&fixture->lanes));
	mem_free(first);
	mem_free(whole);
	mem_free(lines);
}

static void test_copies(void **state)
{
	void *fixture = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		assert_int_equal(tail_fixture_setup(&fixture), 0);
		check_copy(fixture, &copies[i]);
		assert_int_equal(tail_fixture_teardown(&fixture), 0);
	}
}

/* a compressed file that was read to its end is left alone by the next start, and gone
 * on with when it has grown */
static void test_restart(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };
	struct buf more = { 0 };

	write_packed(fixture, "a.log", PACK_GZIP, SLICE("one\ntwo\n"));
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\n", true));
	tail_fixture_stop_and_store(fixture, &stored, &positions);
	tail_fixture_start(fixture, &positions);
	(void)usleep(150000);
	assert_int_equal(tail_lanes_count(&fixture->lanes), 0);
	pack(PACK_GZIP, SLICE("three\n"), &more);
	write_bytes(fixture, "a.log", buf_slice(&more), "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "three\n", true));
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 0).begin.offset, 8);
	buf_deinit(&more);
	tail_fixture_free_stored(&stored);
}

/* what is there comes out; that the rest is missing is an error, told once */
static void test_damaged(void **state)
{
	struct tail_fixture *fixture = *state;
	struct buf packed = { 0 };

	pack(PACK_GZIP, SLICE("one\ntwo\n"), &packed);
	buf_append_str(&packed, "no gzip member");
	write_bytes(fixture, "a.log", buf_slice(&packed), "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one\ntwo\n", true));
	commit(fixture, 0);
	(void)usleep(150000);
	assert_int_equal(tail_lanes_count(&fixture->lanes), 1);
	assert_int_equal(fixture->source->stats.errors, 1);
	buf_deinit(&packed);
}

/* start_at: end passes over compressed files as over others, also after a restart */
static void test_start_at_end(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	fixture->config.start_at = TAIL_START_END;
	write_packed(fixture, "a.log", PACK_ZSTD, SLICE("one\n"));
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "", true));
	tail_fixture_stop_and_store(fixture, &stored, &positions);
	tail_fixture_start(fixture, &positions);
	tail_fixture_write(fixture, "b.log", "two\n", "w");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "two\n", false));
	assert_int_equal(tail_lanes_count(&fixture->lanes), 1);
	tail_fixture_free_stored(&stored);
}

#define UTF16_LINE "o\0n\0e\0 \0\x3d\xd8\x00\xde\n\0"

/* a log in UTF-16 grows, in the middle of a character too, and is gone on with */
static void test_utf16(void **state)
{
	struct tail_fixture *fixture = *state;
	struct stored_position stored = { 0 };
	struct stored_positions positions = { 0 };

	write_bytes(fixture, "a.log", SLICE("\xff\xfe" UTF16_LINE "t\0w"), "w");
	tail_fixture_start(fixture, NULL);
	assert_true(
		tail_lanes_give(&fixture->lanes, 0, "one \xf0\x9f\x98\x80\nt", false));
	write_bytes(fixture, "a.log", SLICE("\0o\0\n\0"), "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "one \xf0\x9f\x98\x80\ntwo\n",
				    false));
	tail_fixture_stop_and_store(fixture, &stored, &positions);
	write_bytes(fixture, "a.log", SLICE("3\0\n\0"), "a");
	tail_fixture_start(fixture, &positions);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "3\n", false));
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 0).begin.offset, 13);
	/* truncated, and another byte order */
	write_bytes(fixture, "a.log", SLICE("\xfe\xff\0n\0\n"), "w");
	assert_true(tail_lanes_give(&fixture->lanes, 1, "n\n", false));
	assert_false(tail_lanes_broken(&fixture->lanes));
	tail_fixture_free_stored(&stored);
}

static void test_utf16_from_its_end(void **state)
{
	struct tail_fixture *fixture = *state;

	fixture->config.start_at = TAIL_START_END;
	write_bytes(fixture, "a.log", SLICE("\xff\xfe" UTF16_LINE), "w");
	tail_fixture_start(fixture, NULL);
	assert_true(tail_lanes_give(&fixture->lanes, 0, "", false));
	write_bytes(fixture, "a.log", SLICE("2\0\n\0"), "a");
	assert_true(tail_lanes_give(&fixture->lanes, 0, "2\n", false));
	assert_int_equal(tail_lanes_stream(&fixture->lanes, 0).begin.offset, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test_setup_teardown(test_restart, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_damaged, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_utf16, tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_utf16_from_its_end,
						tail_fixture_setup,
						tail_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_start_at_end, tail_fixture_setup,
						tail_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
