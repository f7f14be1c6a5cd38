/* test_front.c - framing and multi-line assembly: what is one record, and that
 * splitting the bytes anywhere changes nothing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/timestamp.h"
#include "pipeline/front.h"

#define NOW_US (INT64_C(1770000000) * US_PER_SECOND) /* 2026-02-02 */
#define RECORDS_MAX 16

struct case_front {
	const char *name;
	const char *bytes;
	const char *records[RECORDS_MAX]; /* raw, up to NULL */
};

static const struct case_front cases[] = {
	{ "plain lines stand alone until a header was seen",
	  "one\ntwo\nthree",
	  { "one", "two", "three" } },
	{ "behind headers, plain lines go on",
	  "2026-02-01 10:00:00 INFO a: x\nmore\n2026-02-01 10:00:01 INFO a: y\n",
	  { "2026-02-01 10:00:00 INFO a: x\nmore", "2026-02-01 10:00:01 INFO a: y" } },
	{ "CRLF", "one\r\ntwo\r\n\r\n", { "one", "two" } },
	{ "blank lines inside stay, at the ends go",
	  "\n \n2026-02-01 10:00:00 x\n\n  y\n\n2026-02-01 10:00:01 z\n\n",
	  { "2026-02-01 10:00:00 x\n\n  y", "2026-02-01 10:00:01 z" } },
	{ "only blank lines", "\n\n  \n", { NULL } },
	{ "invalid UTF-8", "\xff\xfe\n\x80 x\n", { "\xff\xfe", "\x80 x" } },
	{ "Java",
	  "2026-02-01 10:00:00,123 ERROR [main] a.B: failed\n"
	  "java.lang.IllegalStateException: no\n"
	  "\tat a.B.c(B.java:1)\n"
	  "Caused by: java.io.IOException: x\n"
	  "\t... 12 more\n"
	  "2026-02-01 10:00:01,123 INFO [main] a.B: on\n",
	  { "2026-02-01 10:00:00,123 ERROR [main] a.B: failed\n"
	    "java.lang.IllegalStateException: no\n"
	    "\tat a.B.c(B.java:1)\n"
	    "Caused by: java.io.IOException: x\n"
	    "\t... 12 more",
	    "2026-02-01 10:00:01,123 INFO [main] a.B: on" } },
	{ "Python, two failures without headers",
	  "Traceback (most recent call last):\n"
	  "  File \"a.py\", line 1, in <module>\n"
	  "    f()\n"
	  "ValueError: x\n"
	  "Traceback (most recent call last):\n"
	  "  File \"a.py\", line 2, in <module>\n"
	  "KeyError: 'y'\n"
	  "\n"
	  "During handling of the above exception, another exception occurred:\n"
	  "\n"
	  "Traceback (most recent call last):\n"
	  "  File \"a.py\", line 3, in <module>\n"
	  "OSError: z\n"
	  "plain\n",
	  { "Traceback (most recent call last):\n"
	    "  File \"a.py\", line 1, in <module>\n"
	    "    f()\n"
	    "ValueError: x",
	    "Traceback (most recent call last):\n"
	    "  File \"a.py\", line 2, in <module>\n"
	    "KeyError: 'y'\n"
	    "\n"
	    "During handling of the above exception, another exception occurred:\n"
	    "\n"
	    "Traceback (most recent call last):\n"
	    "  File \"a.py\", line 3, in <module>\n"
	    "OSError: z",
	    "plain" } },
	{ "Python behind Java, neither with a header",
	  "java.lang.IllegalStateException: x\n"
	  "\tat a.B.c(B.java:1)\n"
	  "Traceback (most recent call last):\n"
	  "  File \"a.py\", line 1, in f\n"
	  "ValueError: y\n",
	  { "java.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)",
	    "Traceback (most recent call last):\n"
	    "  File \"a.py\", line 1, in f\n"
	    "ValueError: y" } },
	{ "PostgreSQL as it is shipped",
	  "2026-02-01 10:00:00.123 UTC [40] ERROR:  no\n"
	  "2026-02-01 10:00:00.123 UTC [40] DETAIL:  Key (id)=(1).\n"
	  "2026-02-01 10:00:00.123 UTC [40] STATEMENT:  INSERT\n"
	  "2026-02-01 10:00:01.123 UTC [41] DETAIL:  another\n",
	  { "2026-02-01 10:00:00.123 UTC [40] ERROR:  no\n"
	    "2026-02-01 10:00:00.123 UTC [40] DETAIL:  Key (id)=(1).\n"
	    "2026-02-01 10:00:00.123 UTC [40] STATEMENT:  INSERT",
	    "2026-02-01 10:00:01.123 UTC [41] DETAIL:  another" } },
	{ "Go",
	  "panic: runtime error: index out of range [3] with length 3\n"
	  "\n"
	  "goroutine 1 [running]:\n"
	  "main.main()\n"
	  "\t/app/main.go:8 +0x1d\n"
	  "created by main.start in goroutine 1\n"
	  "\t/app/main.go:4 +0x1d\n"
	  "exit status 2\n"
	  "next\n",
	  { "panic: runtime error: index out of range [3] with length 3\n"
	    "\n"
	    "goroutine 1 [running]:\n"
	    "main.main()\n"
	    "\t/app/main.go:8 +0x1d\n"
	    "created by main.start in goroutine 1\n"
	    "\t/app/main.go:4 +0x1d\n"
	    "exit status 2",
	    "next" } },
	{ "Rust",
	  "thread 'main' panicked at src/main.rs:2:5:\n"
	  "index out of bounds\n"
	  "stack backtrace:\n"
	  "   0: rust_begin_unwind\n"
	  "note: run with RUST_BACKTRACE=1\n"
	  "next\n",
	  { "thread 'main' panicked at src/main.rs:2:5:\n"
	    "index out of bounds\n"
	    "stack backtrace:\n"
	    "   0: rust_begin_unwind\n"
	    "note: run with RUST_BACKTRACE=1",
	    "next" } },
	{ "Node",
	  "/app/x.js:3\n"
	  "    throw new Error('boom')\n"
	  "    ^\n"
	  "\n"
	  "Error: boom\n"
	  "    at f (/app/x.js:3:11)\n"
	  "\n"
	  "Node.js v20.1.0\n"
	  "next\n",
	  { "/app/x.js:3\n"
	    "    throw new Error('boom')\n"
	    "    ^\n"
	    "\n"
	    "Error: boom\n"
	    "    at f (/app/x.js:3:11)\n"
	    "\n"
	    "Node.js v20.1.0",
	    "next" } },
	{ "Ruby",
	  "a.rb:3:in `f': boom (RuntimeError)\n\tfrom a.rb:7:in `<main>'\nnext\n",
	  { "a.rb:3:in `f': boom (RuntimeError)\n\tfrom a.rb:7:in `<main>'", "next" } },
	{ "PHP",
	  "PHP Fatal error:  Uncaught Exception: x in /a.php:3\n"
	  "Stack trace:\n"
	  "#0 /a.php(7): f()\n"
	  "#1 {main}\n"
	  "  thrown in /a.php on line 3\n"
	  "next\n",
	  { "PHP Fatal error:  Uncaught Exception: x in /a.php:3\n"
	    "Stack trace:\n"
	    "#0 /a.php(7): f()\n"
	    "#1 {main}\n"
	    "  thrown in /a.php on line 3",
	    "next" } },
	{ ".NET",
	  "Unhandled exception. System.InvalidOperationException: x\n"
	  " ---> System.IO.IOException: y\n"
	  "   at A.B() in /a.cs:line 3\n"
	  "   --- End of inner exception stack trace ---\n"
	  "   at A.Main()\n"
	  "next\n",
	  { "Unhandled exception. System.InvalidOperationException: x\n"
	    " ---> System.IO.IOException: y\n"
	    "   at A.B() in /a.cs:line 3\n"
	    "   --- End of inner exception stack trace ---\n"
	    "   at A.Main()",
	    "next" } },
	{ "JSON lines are whole; a panic between them is one record",
	  "{\"msg\":\"a\"}\n{\"msg\":\"b\"}\npanic: x\n\ngoroutine 1 [running]:\n"
	  "{\"msg\":\"c\"}\n",
	  { "{\"msg\":\"a\"}", "{\"msg\":\"b\"}",
	    "panic: x\n\ngoroutine 1 [running]:", "{\"msg\":\"c\"}" } },
	{ "JSON over several lines",
	  "{\n  \"msg\": \"a\"\n}\n{\n  \"msg\": \"b\"\n}\n",
	  { "{\n  \"msg\": \"a\"\n}", "{\n  \"msg\": \"b\"\n}" } },
	{ "syslog lines in a file",
	  "<13>Feb  1 10:00:00 h a: x\n<13>Feb  1 10:00:00 h a: y\n",
	  { "<13>Feb  1 10:00:00 h a: x", "<13>Feb  1 10:00:00 h a: y" } },
	{ "CRI: assembled by what is inside",
	  "2026-02-01T10:00:00.1Z stderr F Traceback (most recent call last):\n"
	  "2026-02-01T10:00:00.1Z stderr F   File \"a.py\", line 1\n"
	  "2026-02-01T10:00:00.1Z stderr F ValueError: x\n"
	  "2026-02-01T10:00:00.1Z stdout F next\n",
	  { "2026-02-01T10:00:00.1Z stderr F Traceback (most recent call last):\n"
	    "2026-02-01T10:00:00.1Z stderr F   File \"a.py\", line 1\n"
	    "2026-02-01T10:00:00.1Z stderr F ValueError: x",
	    "2026-02-01T10:00:00.1Z stdout F next" } },
};

struct outcome {
	struct buf text; /* records as "begin end first lines cut raw|body|..." */
	uint64_t end;
};

static void take_all(struct front *front, struct outcome *out)
{
	struct record record;
	struct front_extent extent;

	while (front_next(front, &record, &extent)) {
		assert_int_equal(extent.begin, out->end);
		out->end = extent.end;
		buf_printf(&out->text, "%llu %llu %llu %d %lld %d\n",
			   (unsigned long long)extent.end,
			   (unsigned long long)extent.first_line,
			   (unsigned long long)extent.lines, extent.cut,
			   (long long)record.timestamp_us, (int)record.severity);
		buf_append_slice(&out->text, record.raw);
		buf_append_char(&out->text, '\n');
		buf_append_slice(&out->text, record.body);
		buf_append_char(&out->text, '\n');
		buf_append_slice(&out->text, record.service_name);
		buf_append_char(&out->text, '\n');
	}
}

/* fed in parts that begin at 0, first and second; each part is a copy that is freed, so
 * that a borrowed byte is caught */
static void run_split(struct slice bytes, size_t first, size_t second,
		      const struct front_config *config, struct outcome *out)
{
	struct front *front = front_new(config);
	size_t bounds[] = { 0, first, second, bytes.len };

	*out = (struct outcome){ 0 };
	for (size_t i = 0; i + 1 < ARRAY_LEN(bounds); i++) {
		struct slice part =
			slice_of(bytes.ptr + bounds[i], bounds[i + 1] - bounds[i]);
		char *copy = malloc(part.len + 1);

		assert_non_null(copy);
		memcpy(copy, part.ptr, part.len);
		front_feed(front, slice_of(copy, part.len), NOW_US);
		take_all(front, out);
		assert_int_equal(front_open_offset(front), out->end);
		free(copy);
	}
	front_finish(front);
	take_all(front, out);
	assert_int_equal(front_open_bytes(front), 0);
	assert_int_equal(front_open_offset(front), bytes.len);
	assert_int_equal(front_stats(front)->bytes, bytes.len);
	front_free(&front);
	assert_null(front);
}

static void check_every_split(struct slice bytes, const struct front_config *config)
{
	struct outcome whole;

	run_split(bytes, bytes.len, bytes.len, config, &whole);
	for (size_t i = 0; i <= bytes.len; i++) {
		struct outcome split;
		size_t next = i + 3 < bytes.len ? i + 3 : bytes.len;

		run_split(bytes, i, next, config, &split);
		assert_true(
			slice_equal(buf_slice(&whole.text), buf_slice(&split.text)));
		buf_deinit(&split.text);
	}
	buf_deinit(&whole.text);
}

static void check_record(const struct case_front *c, size_t n, struct slice raw)
{
	if (c->records[n] == NULL || !slice_equal(raw, slice_str(c->records[n])))
		fail_msg("%s: record %zu is '%.*s'", c->name, n, (int)raw.len, raw.ptr);
}

static void test_assembly(void **state)
{
	const struct front_config config = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front *front = front_new(&config);
		struct record record;
		struct front_extent extent;
		size_t n = 0;

		front_feed(front, slice_str(cases[i].bytes), NOW_US);
		front_finish(front);
		while (front_next(front, &record, &extent))
			check_record(&cases[i], n++, record.raw);
		assert_null(cases[i].records[n]);
		front_free(&front);
	}
}

static void test_split_equals_whole(void **state)
{
	const struct front_config config = { 0 };
	const struct front_config tight = { .record_bytes_max = 32,
					    .record_lines_max = 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check_every_split(slice_str(cases[i].bytes), &config);
		check_every_split(slice_str(cases[i].bytes), &tight);
	}
	check_every_split(SLICE("a\0b\n\0\n"), &config);
}

static void test_long_line_is_cut_without_loss(void **state)
{
	const struct front_config config = { .record_bytes_max = 8 };
	struct front *front = front_new(&config);
	struct record record;
	struct front_extent extent;
	struct buf bytes = { 0 };

	(void)state;
	front_feed(front, SLICE("12345678\nabcdefghABCDEFGHxy\nz\n"), NOW_US);
	front_finish(front);
	for (int i = 0; front_next(front, &record, &extent); i++) {
		assert_int_equal(extent.cut, i == 1 || i == 2);
		assert_int_equal(extent.first_line, i == 0 ? 1 : i < 4 ? 2 : 3);
		buf_append_slice(&bytes, record.raw);
		buf_append_char(&bytes, '|');
	}
	assert_true(slice_equal(buf_slice(&bytes),
				SLICE("12345678|abcdefgh|ABCDEFGH|xy|z|")));
	assert_int_equal(front_stats(front)->cut_by_bytes, 2);
	buf_deinit(&bytes);
	front_free(&front);
}

static void test_close_by_time(void **state)
{
	const struct front_config config = { 0 };
	struct front *front = front_new(&config);
	struct record record;
	struct front_extent extent;

	(void)state;
	front_feed(front, SLICE("2026-02-01 10:00:00 a\n  b\nhal"), NOW_US);
	assert_false(front_next(front, &record, &extent));
	assert_true(front_open_bytes(front) > 0);
	assert_int_equal(front_open_offset(front), 0);
	front_close_by_time(front);
	assert_true(front_next(front, &record, &extent));
	assert_true(slice_equal(record.raw, SLICE("2026-02-01 10:00:00 a\n  b\nhal")));
	assert_false(front_next(front, &record, &extent));
	assert_int_equal(front_stats(front)->closed_by_time, 1);
	assert_int_equal(front_open_bytes(front), 0);
	front_feed(front, SLICE("2026-02-01 10:00:01 c\n"), NOW_US);
	front_finish(front);
	assert_true(front_next(front, &record, &extent));
	assert_int_equal(extent.begin, 29);
	assert_false(front_next(front, &record, &extent));
	front_free(&front);
}

static void test_whole_record(void **state)
{
	const struct front_config config = { 0 };
	struct front *front = front_new(&config);
	struct record record;

	(void)state;
	front_whole(front, SLICE("<11>Feb  1 10:00:00 h a[7]: x\n  y\r\n"),
		    (struct slice){ 0 }, NOW_US, &record);
	assert_true(slice_equal(record.body, SLICE("x\n  y")));
	assert_int_equal(record.severity, SEVERITY_ERROR);
	assert_true(slice_equal(record.host_name, SLICE("h")));
	front_free(&front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assembly),
		cmocka_unit_test(test_split_equals_whole),
		cmocka_unit_test(test_long_line_is_cut_without_loss),
		cmocka_unit_test(test_close_by_time),
		cmocka_unit_test(test_whole_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
