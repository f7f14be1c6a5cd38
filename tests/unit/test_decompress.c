/* test_decompress.c - gzip, zstd and plain bytes, in pieces of every size, whole and
 * damaged */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "sources/decompress.h"

static void make_text(struct buf *text)
{
	for (int i = 0; i < 3000; i++)
		buf_printf(text, "line %d of something that compresses %d\n", i, i * i);
}

static void gzip_append(struct buf *out, struct slice text)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	buf_reserve(out, text.len + 1000);
	stream.next_in = (const Bytef *)text.ptr;
	stream.avail_in = (uInt)text.len;
	stream.next_out = (Bytef *)out->data + out->len;
	stream.avail_out = (uInt)(text.len + 1000);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	out->len += stream.total_out;
	assert_int_equal(deflateEnd(&stream), Z_OK);
}

static void zstd_append(struct buf *out, struct slice text)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t size = ZSTD_compressBound(text.len);

	/* with a checksum, so that any damage shows */
	assert_false(
		ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)));
	buf_reserve(out, size);
	size = ZSTD_compress2(zstd, out->data + out->len, size, text.ptr, text.len);
	assert_false(ZSTD_isError(size));
	out->len += size;
	(void)ZSTD_freeCCtx(zstd); /* always 0 */
}

/* feeds pieces of `piece` bytes, takes at most `room` at once */
static int run(struct slice input, size_t piece, size_t room, struct buf *out)
{
	struct decompress *decompress = decompress_new();
	struct error error = { 0 };
	char space[5000];
	int status = 0;

	while (input.len > 0 && status == 0) {
		size_t len = 0;

		decompress_feed(decompress, slice_head(input, piece));
		input = slice_from(input, piece);
		while ((status = decompress_next(decompress, space, room, &len,
						 &error)) > 0)
			buf_append(out, space, len);
	}
	if (status == 0)
		status = decompress_finish(decompress, &error);
	if (status < 0)
		assert_true(error.text[0] != '\0');
	decompress_free(&decompress);
	return status;
}

static void check_pieces(struct slice input, struct slice expected)
{
	static const size_t pieces[] = { 4, 5, 7, 100, 4096, 1000000 };
	static const size_t rooms[] = { 1, 13, 5000 };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		for (size_t j = 0; j < ARRAY_LEN(rooms); j++) {
			struct buf out = { 0 };

			assert_int_equal(run(input, pieces[i], rooms[j], &out), 0);
			assert_int_equal(out.len, expected.len);
			assert_memory_equal(out.data, expected.ptr, expected.len);
			buf_deinit(&out);
		}
	}
}

static void check_damage(struct buf *input)
{
	struct buf out = { 0 };

	assert_int_equal(
		run(slice_head(buf_slice(input), input->len - 3), 100, 5000, &out), -1);
	input->data[input->len / 2] ^= 0x55;
	input->data[input->len / 2 + 1] ^= 0x55;
	assert_int_equal(run(buf_slice(input), 100, 5000, &out), -1);
	buf_deinit(&out);
}

static void test_utf16(void **state)
{
	(void)state;
	check_pieces(SLICE("\xff\xfe"
			   "a\0\xe9\0\xac\x20\x3d\xd8\x00\xde\n\0"),
		     SLICE("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"));
	check_pieces(SLICE("\xfe\xff\0a\0\xe9\x20\xac\xd8\x3d\xde\0\0\n"),
		     SLICE("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"));
	/* halves of surrogates: high without low, low without high, two highs */
	check_pieces(SLICE("\xfe\xff\0x\xd8\x3d\0a\xde\0\0b\xd8\x3d\xd8\x3d\xde\0"),
		     SLICE("x\xef\xbf\xbd"
			   "a\xef\xbf\xbd"
			   "b\xef\xbf\xbd\xf0\x9f\x98\x80"));
}

static void test_plain(void **state)
{
	(void)state;
	check_pieces(SLICE("some text\nwithout magic"),
		     SLICE("some text\nwithout magic"));
	assert_true(decompress_is_plain(SLICE("")));
	/* bytes that are no text at all may begin like UTF-16 */
	check_pieces(SLICE("\xff\xfe\x80 broken\n"), SLICE("\xff\xfe\x80 broken\n"));
	check_pieces(SLICE("\xff\xfe\0\0"), SLICE("\xff\xfe\0\0"));
}

static void check_kind(void (*append)(struct buf *, struct slice))
{
	struct buf text = { 0 };
	struct buf twice = { 0 };
	struct buf input = { 0 };

	make_text(&text);
	append(&input, buf_slice(&text));
	assert_false(decompress_is_plain(buf_slice(&input)));
	check_pieces(buf_slice(&input), buf_slice(&text));
	append(&input, SLICE("second member"));
	buf_append_slice(&twice, buf_slice(&text));
	buf_append_slice(&twice, SLICE("second member"));
	check_pieces(buf_slice(&input), buf_slice(&twice));
	check_damage(&input);
	buf_deinit(&text);
	buf_deinit(&twice);
	buf_deinit(&input);
}

static void test_gzip(void **state)
{
	(void)state;
	check_kind(gzip_append);
}

static void test_zstd(void **state)
{
	(void)state;
	check_kind(zstd_append);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_zstd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
