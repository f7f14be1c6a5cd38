/* test_front_traces.c - traces of many languages, one behind another: each is a record
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "pipeline/front.h"

#define NOW_US INT64_C(1770000000000000)

static const char *const traces[] = {
	"java.lang.IllegalStateException: bad state\n"
	"\tat com.acme.A.run(A.java:10)\n"
	"Caused by: java.io.IOException: x\n"
	"\t... 2 more\n",
	"Exception in thread \"main\" java.lang.NullPointerException: oops\n"
	"\tat com.acme.B.main(B.java:5)\n",
	"Traceback (most recent call last):\n"
	"  File \"a.py\", line 1, in <module>\n"
	"    f()\n"
	"ValueError: bad value\n",
	"panic: runtime error: index out of range [3] with length 3\n"
	"\n"
	"goroutine 1 [running]:\n"
	"main.handle(0xc000012345)\n"
	"\t/src/main.go:12 +0x1d\n"
	"exit status 2\n",
	"thread 'main' panicked at src/main.rs:4:5:\n"
	"index out of bounds: the len is 3\n"
	"stack backtrace:\n"
	"   0: app::main\n"
	"             at ./src/main.rs:4:5\n",
	"/app/index.js:12\n"
	"    throw new Error('x');\n"
	"    ^\n"
	"\n"
	"Error: x\n"
	"    at handle (/app/index.js:12:11)\n",
	"TypeError [ERR_X]: Cannot read properties of undefined\n"
	"    at handle (/app/index.js:12:11)\n",
	"app.rb:3:in `load': no such thing (RuntimeError)\n"
	"\tfrom app.rb:10:in `<main>'\n",
	"PHP Fatal error:  Uncaught Exception: no db in /var/www/a.php:3\n"
	"Stack trace:\n"
	"#0 /var/www/index.php(12): connect()\n"
	"#1 {main}\n"
	"  thrown in /var/www/a.php on line 3\n",
	"System.InvalidOperationException: no\n"
	" ---> System.IO.IOException: y\n"
	"   at Shop.Cart.Add(Int32 id) in /src/Cart.cs:line 12\n",
};

static void feed_and_finish(struct front *front, struct slice bytes)
{
	front_feed(front, bytes, NOW_US);
	front_finish(front);
}

static void expect_trace(struct front *front, const char *trace)
{
	struct record record;
	struct front_extent extent;

	assert_true(front_next(front, &record, &extent));
	/* without its last line end */
	if (!slice_equal(record.raw, slice_of(trace, strlen(trace) - 1)))
		fail_msg("instead of\n%sa record is\n%.*s", trace, (int)record.raw.len,
			 record.raw.ptr);
}

/* every one behind every other, with a header seen in front or not */
static void test_each_behind_each(void **state)
{
	const struct front_config config = { 0 };
	static const char headed[] = "2026-02-01 10:00:00 INFO app: started\n"
				     "2026-02-01 10:00:01 ERROR app: failed\n"
				     "\tat a.B.c(B.java:1)\n";
	struct record record;
	struct front_extent extent;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(traces) * ARRAY_LEN(traces); i++) {
		const char *first = traces[i / 2 / ARRAY_LEN(traces)];
		const char *second = traces[i / 2 % ARRAY_LEN(traces)];
		bool shown = i % 2 != 0;
		struct front *front = front_new(&config);
		struct buf bytes = { 0 };

		if (shown)
			buf_append_str(&bytes, headed);
		buf_append_str(&bytes, first);
		buf_append_str(&bytes, second);
		feed_and_finish(front, buf_slice(&bytes));
		if (shown) {
			assert_true(front_next(front, &record, &extent));
			assert_true(front_next(front, &record, &extent));
			assert_int_equal(extent.lines, 2);
		}
		expect_trace(front, first);
		expect_trace(front, second);
		assert_false(front_next(front, &record, &extent));
		buf_deinit(&bytes);
		front_free(&front);
	}
}

/* what a logger says in front of a trace belongs to it */
static void test_said_in_front(void **state)
{
	const struct front_config config = { 0 };
	static const char said[] = "2026-02-01 10:00:00 ERROR app: query failed\n"
				   "  SELECT 1\n"
				   "java.sql.SQLException: no\n"
				   "\tat a.B.c(B.java:1)\n";
	struct front *front = front_new(&config);

	(void)state;
	feed_and_finish(front, slice_str(said));
	expect_trace(front, said);
	front_free(&front);
}

/* no more is held than a record may have, and what is cut is counted */
static void test_endless_trace_is_cut(void **state)
{
	const struct front_config config = { .record_bytes_max = 4096,
					     .record_lines_max = 50 };
	struct front *front = front_new(&config);
	struct record record;
	struct front_extent extent = { 0 };
	uint64_t end = 0;
	uint64_t records = 0;

	(void)state;
	front_feed(front, SLICE("java.lang.StackOverflowError: deep\n"), NOW_US);
	for (unsigned i = 0; i < 10000; i++) {
		while (front_next(front, &record, &extent)) {
			assert_true(extent.cut && extent.lines <= 50);
			assert_int_equal(extent.begin, end);
			end = extent.end;
			records++;
		}
		assert_true(front_open_bytes(front) <= 4096);
		front_feed(front, SLICE("\tat com.acme.Deep.call(Deep.java:7)\n"),
			   NOW_US);
	}
	front_finish(front);
	while (front_next(front, &record, &extent)) {
		end = extent.end;
		records += extent.cut;
	}
	assert_int_equal(front_stats(front)->cut_by_lines, records);
	assert_int_equal(records, 10000 / 50);
	assert_int_equal(end, front_stats(front)->bytes);
	front_free(&front);
}

/* two streams of lines in turn, each with a front of its own */
static void test_streams_do_not_mix(void **state)
{
	const struct front_config config = { 0 };
	struct record record;
	struct front_extent extent;

	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(traces); i++) {
		struct front *fronts[2] = { front_new(&config), front_new(&config) };
		struct slice rest[2] = { slice_str(traces[0]), slice_str(traces[i]) };

		while (rest[0].len + rest[1].len > 0) {
			for (unsigned k = 0; k < 2; k++) {
				const char *end = rest[k].len == 0
							  ? NULL
							  : memchr(rest[k].ptr, '\n',
								   rest[k].len);
				size_t len = end == NULL
						     ? 0
						     : (size_t)(end + 1 - rest[k].ptr);

				front_feed(fronts[k], slice_head(rest[k], len), NOW_US);
				assert_false(front_next(fronts[k], &record, &extent));
				rest[k] = slice_from(rest[k], len);
			}
		}
		for (unsigned k = 0; k < 2; k++) {
			front_finish(fronts[k]);
			expect_trace(fronts[k], traces[k == 0 ? 0 : i]);
			front_free(&fronts[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_behind_each),
		cmocka_unit_test(test_said_in_front),
		cmocka_unit_test(test_endless_trace_is_cut),
		cmocka_unit_test(test_streams_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
