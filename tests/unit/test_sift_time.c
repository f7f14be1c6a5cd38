/* test_sift_time.c - the moments that --since and --until take */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/timestamp.h"
#include "daemon/sift_time.h"

/* 2026-03-05T12:34:56.5Z */
#define NOW INT64_C(1772714096500000)

static void test_good(void **state)
{
	static const struct {
		const char *text;
		const char *time;
	} cases[] = {
		{ "now", "2026-03-05T12:34:56.500000Z" },
		{ "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000000Z" },
		{ "2026-03-01T10:00:00.25+01:00", "2026-03-01T09:00:00.250000Z" },
		{ "2026-03-01", "2026-03-01T00:00:00.000000Z" },
		{ "2026-03-01 10:00", "2026-03-01T10:00:00.000000Z" },
		{ "2026-03-01T10:00", "2026-03-01T10:00:00.000000Z" },
		{ "2026-03-01 10:00:59", "2026-03-01T10:00:59.000000Z" },
		{ "2024-02-29", "2024-02-29T00:00:00.000000Z" },
		{ "10:30", "2026-03-05T10:30:00.000000Z" },
		{ "23:59:58", "2026-03-05T23:59:58.000000Z" },
		{ "-90s", "2026-03-05T12:33:26.500000Z" },
		{ "-15m", "2026-03-05T12:19:56.500000Z" },
		{ "-2h", "2026-03-05T10:34:56.500000Z" },
		{ "-1h30m", "2026-03-05T11:04:56.500000Z" },
		{ "-3d", "2026-03-02T12:34:56.500000Z" },
		{ "-1w", "2026-02-26T12:34:56.500000Z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[TIMESTAMP_TEXT_MAX];
		int64_t time_us = 0;

		if (!sift_time_parse(slice_str(cases[i].text), NOW, &time_us))
			fail_msg("%s is refused", cases[i].text);
		timestamp_format(time_us, text);
		assert_string_equal(text, cases[i].time);
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {
		"",
		"-",
		"2h",
		"-2",
		"-h",
		"-2x",
		"-2h3",
		"10",
		"1:30",
		"10:3",
		"25:00",
		"10:60",
		"10:30:",
		"10:30:15:1",
		"2026-3-1",
		"2026-02-29",
		"2026-03-01 ",
		"2026-03-01x",
		"2026-13-01",
		"yesterday",
		"-1234567h",
		"10:30 ",
		"2026-03-01 25:00",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t time_us = 0;

		if (sift_time_parse(slice_str(cases[i]), NOW, &time_us))
			fail_msg("\"%s\" is taken", cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
