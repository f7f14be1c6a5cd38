/* test_syslog_frame.c - what real clients send, whole and split at every byte */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "sources/syslog_frame.h"

#define FRAMES_MAX 8

struct stream_case {
	const char *name;
	struct slice input;
	const char *frames[FRAMES_MAX + 1];
	uint64_t truncated;
	uint64_t dropped;
};

#define FRAME_BYTES_MAX 40

/* NUL bytes count */
#define INPUT(literal)                                                                 \
	{                                                                              \
		"" literal, sizeof(literal) - 1                                        \
	}

static const struct stream_case cases[] = {
	{ "logger -T: LF",
	  INPUT("<13>Jan  1 00:00:00 h a: one\n<13>Jan  1 00:00:01 h a: two\n"),
	  { "<13>Jan  1 00:00:00 h a: one", "<13>Jan  1 00:00:01 h a: two" },
	  0,
	  0 },
	{ "logger --octet-count",
	  INPUT("13 <13>1 - - one13 <13>1 - - two"),
	  { "<13>1 - - one", "<13>1 - - two" },
	  0,
	  0 },
	{ "rsyslog: the count includes a trailing LF",
	  INPUT("14 <13>1 - - one\n14 <13>1 - - two\n"),
	  { "<13>1 - - one", "<13>1 - - two" },
	  0,
	  0 },
	{ "loggen --syslog-proto: count, BOM, LF",
	  INPUT("18 <13>1 - - \xef\xbb\xbfone\r\n"),
	  { "<13>1 - - \xef\xbb\xbfone" },
	  0,
	  0 },
	{ "loggen with small --size: no LF at all",
	  INPUT("<13>1 - - one"),
	  { "<13>1 - - one" },
	  0,
	  0 },
	{ "both framings in one stream",
	  INPUT("13 <13>1 - - one<13>lf\n13 <13>1 - - two\n<14>x"),
	  { "<13>1 - - one", "<13>lf", "<13>1 - - two", "<14>x" },
	  0,
	  0 },
	{ "a LF inside a counted frame",
	  INPUT("11 <13>a\nb\nc\n\n<1>x\n"),
	  { "<13>a\nb\nc\n", "<1>x" },
	  0,
	  0 },
	{ "NUL ends a frame, CR LF too; empty frames",
	  INPUT("<1>a\0<1>b\r\n\n\r\n<1>c\n\0"),
	  { "<1>a", "<1>b", "<1>c" },
	  0,
	  0 },
	{ "a line that begins with a number is no count",
	  INPUT("2026-01-01 x\n12 monkeys\n0 <1>x\n7\n7 \n1234567890 <1>y\n"),
	  { "2026-01-01 x", "12 monkeys", "0 <1>x", "7", "7 ", "1234567890 <1>y" },
	  0,
	  0 },
	{ "a counted frame that the close cuts short",
	  INPUT("13 <13>1 -"),
	  { "<13>1 -" },
	  0,
	  0 },
	{ "a prefix that the close cuts short", INPUT("12"), { "12" }, 0, 0 },
	{ "only line ends", INPUT("\n\r\n\0\n"), { NULL }, 0, 0 },
	{ "counted, too long",
	  INPUT("45 <13>0123456789012345678901234567890123456789\n<1>x\n"),
	  { "<13>012345678901234567890123456789012345", "<1>x" },
	  1,
	  5 },
	{ "delimited, too long",
	  INPUT("<13>0123456789012345678901234567890123456789\r\n<1>x\n"),
	  { "<13>012345678901234567890123456789012345", "<1>x" },
	  1,
	  5 },
	{ "delimited, as long as may be",
	  INPUT("<13>012345678901234567890123456789012345\n<1>x\n"),
	  { "<13>012345678901234567890123456789012345", "<1>x" },
	  0,
	  0 },
};

/* the frames, each followed by '|' */
static void take(struct syslog_framer *framer, struct slice bytes, struct buf *out)
{
	struct slice frames[FRAMES_MAX];
	struct slice frame = { 0 };
	size_t count = 0;

	syslog_framer_feed(framer, bytes);
	while (syslog_framer_next(framer, &frame)) {
		assert_true(count < FRAMES_MAX);
		frames[count++] = frame;
	}
	/* all frames of one feed are valid together */
	for (size_t i = 0; i < count; i++) {
		buf_append_slice(out, frames[i]);
		buf_append_char(out, '|');
	}
}

static void expect(const struct stream_case *c, struct syslog_framer *framer,
		   struct buf *got)
{
	struct buf wanted = { 0 };
	struct slice frame = { 0 };

	if (syslog_framer_finish(framer, &frame)) {
		buf_append_slice(got, frame);
		buf_append_char(got, '|');
	}
	for (size_t i = 0; c->frames[i] != NULL; i++) {
		buf_append_str(&wanted, c->frames[i]);
		buf_append_char(&wanted, '|');
	}
	if (!slice_equal(buf_slice(got), buf_slice(&wanted)))
		fail_msg("%s: got %.*s", c->name, (int)got->len, got->data);
	assert_int_equal(framer->truncated_frames, c->truncated);
	assert_int_equal(framer->dropped_bytes, c->dropped);
	buf_deinit(&wanted);
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct syslog_framer framer = { .frame_bytes_max = FRAME_BYTES_MAX };
		struct buf got = { 0 };

		take(&framer, cases[i].input, &got);
		expect(&cases[i], &framer, &got);
		buf_deinit(&got);
		syslog_framer_deinit(&framer);
	}
}

static void test_split_in_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice input = cases[i].input;

		for (size_t at = 0; at <= input.len; at++) {
			struct syslog_framer framer = { .frame_bytes_max =
								FRAME_BYTES_MAX };
			struct buf got = { 0 };

			take(&framer, slice_head(input, at), &got);
			take(&framer, slice_from(input, at), &got);
			expect(&cases[i], &framer, &got);
			buf_deinit(&got);
			syslog_framer_deinit(&framer);
		}
	}
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct syslog_framer framer = { .frame_bytes_max = FRAME_BYTES_MAX };
		struct slice input = cases[i].input;
		struct buf got = { 0 };

		for (size_t at = 0; at < input.len; at++)
			take(&framer, slice_of(input.ptr + at, 1), &got);
		expect(&cases[i], &framer, &got);
		buf_deinit(&got);
		syslog_framer_deinit(&framer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_split_in_two),
		cmocka_unit_test(test_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
