/* test_pushed.c - pushed records as lines: what goes in comes out, through the parser
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "pipeline/front.h"
#include "pipeline/pushed.h"

#define NOW_US INT64_C(1767600000000000)

static const struct front_config config = { .record_bytes_max = 4096,
					    .record_lines_max = 100 };

static void test_fields_win_over_the_text(void **state)
{
	const struct pushed pushed = {
		.timestamp_us = NOW_US + 5,
		.seen_us = TIMESTAMP_NONE,
		.severity = SEVERITY_WARN,
		.service_name = SLICE("cart"),
		.host_name = SLICE("web \"1\""),
		.attributes = SLICE("{\"env\":\"prod\",\"a\\tb\":\"\\u00fc\"}"),
		.body = SLICE("2026-01-05T07:00:00Z ERROR billing: two\nlines"),
	};
	struct arena arena = { 0 };
	struct buf line = { 0 };
	struct record record = { 0 };

	(void)state; /* none */
	pushed_write(&pushed, &line);
	assert_int_equal(line.data[line.len - 1], '\n');
	assert_null(memchr(line.data, '\n', line.len - 1));
	parse_record(slice_head(buf_slice(&line), line.len - 1), &config, NOW_US,
		     &arena, &record);
	assert_true(slice_equal(record.raw, pushed.body));
	assert_true(slice_equal(record.extra, pushed.attributes));
	assert_int_equal(record.timestamp_us, pushed.timestamp_us);
	assert_int_equal(record.severity, SEVERITY_WARN);
	assert_true(slice_equal(record.service_name, pushed.service_name));
	assert_true(slice_equal(record.host_name, pushed.host_name));
	assert_true(
		slice_equal(record_attribute(&record, SLICE("env")), SLICE("prod")));
	assert_true(slice_equal(record_attribute(&record, SLICE("a\tb")),
				SLICE("\xc3\xbc")));
	assert_true(slice_equal(record.body, SLICE("two\nlines")));
	arena_deinit(&arena);
	buf_deinit(&line);
}

static void test_the_text_says_what_was_not_stated(void **state)
{
	const struct {
		struct pushed pushed;
		int64_t timestamp_us;
		enum severity severity;
		const char *service;
	} cases[] = {
		{ { .timestamp_us = TIMESTAMP_NONE,
		    .seen_us = NOW_US + 9,
		    .body = SLICE("2026-01-05T08:00:00Z ERROR billing: x") },
		  NOW_US,
		  SEVERITY_ERROR,
		  "billing" },
		{ { .timestamp_us = TIMESTAMP_NONE,
		    .seen_us = NOW_US + 9,
		    .body = SLICE("level=info svc=cart msg=x") },
		  NOW_US + 9,
		  SEVERITY_INFO,
		  "cart" },
		{ { .timestamp_us = TIMESTAMP_NONE,
		    .seen_us = TIMESTAMP_NONE,
		    .body = SLICE(
			    "{\"level\":\"error\",\"service\":\"api\",\"msg\":\"x\"}") },
		  TIMESTAMP_NONE,
		  SEVERITY_ERROR,
		  "api" },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena arena = { 0 };
		struct buf line = { 0 };
		struct record record = { 0 };

		pushed_write(&cases[i].pushed, &line);
		parse_record(slice_head(buf_slice(&line), line.len - 1), &config,
			     NOW_US, &arena, &record);
		assert_int_equal(record.timestamp_us, cases[i].timestamp_us);
		assert_int_equal(record.severity, cases[i].severity);
		assert_true(
			slice_equal(record.service_name, slice_str(cases[i].service)));
		assert_int_equal(record.extra.len, 0);
		arena_deinit(&arena);
		buf_deinit(&line);
	}
}

/* a stream of pushed lines and others: no record has the extra of the one before, and
 * none is joined to another */
static void test_in_a_stream(void **state)
{
	const struct pushed pushed = {
		.timestamp_us = NOW_US,
		.seen_us = TIMESTAMP_NONE,
		.attributes = SLICE("{\"n\":\"1\"}"),
		.body = SLICE("    at com.example.X(X.java:1)"),
	};
	struct front *front = front_new(&config);
	struct front_extent extent = { 0 };
	struct record record = { 0 };
	struct buf lines = { 0 };
	size_t with_extra = 0;
	size_t records = 0;

	(void)state; /* none */
	for (unsigned i = 0; i < 3; i++) {
		pushed_write(&pushed, &lines);
		buf_append_str(&lines, "2026-01-05T08:00:00Z INFO billing: plain\n");
	}
	front_feed(front, buf_slice(&lines), NOW_US);
	front_finish(front);
	while (front_next(front, &record, &extent)) {
		records++;
		with_extra += record.extra.len > 0;
		assert_int_equal(record.extra.len > 0,
				 slice_equal(record.raw, pushed.body));
	}
	assert_int_equal(records, 6);
	assert_int_equal(with_extra, 3);
	front_free(&front);
	buf_deinit(&lines);
}

static void test_what_siftd_did_not_write(void **state)
{
	static const char *const cases[] = {
		"{\"siftd.push\":1,",
		"{\"siftd.push\":1,\"body\":\"x\"",
		"{\"siftd.push\":1,\"body\":5}",
		"{\"siftd.push\":1,\"time\":\"5\",\"body\":\"x\"}",
		"{\"siftd.push\":1,\"time\":-5,\"body\":\"x\"}",
		"{\"siftd.push\":1,\"attributes\":[],\"body\":\"x\"}",
		"{\"siftd.push\":1,\"other\":\"x\",\"body\":\"x\"}",
		"{\"siftd.push\":1,\"level\":\"info\"}",
		"{\"siftd.push\":1,\"body\":\"x\"} more",
		"{\"siftd.push\":2,\"body\":\"x\"}",
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena arena = { 0 };
		struct pushed pushed;

		if (pushed_read(slice_str(cases[i]), &arena, &pushed))
			fail_msg("%s was read", cases[i]);
		arena_deinit(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_win_over_the_text),
		cmocka_unit_test(test_the_text_says_what_was_not_stated),
		cmocka_unit_test(test_in_a_stream),
		cmocka_unit_test(test_what_siftd_did_not_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
