/* test_timestamp.c - the calendar, RFC 3339, and every shape of stamp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/timestamp.h"
#include "pipeline/timestamp_scan.h"

/* 2026-01-01T00:00:10Z: what a year is inferred from */
#define NEW_YEAR_US (INT64_C(1767225610) * US_PER_SECOND)

static void test_calendar_round_trip(void **state)
{
	(void)state;
	assert_int_equal(civil_days(1970, 1, 1), 0);
	assert_int_equal(civil_days(2000, 3, 1), 11017);
	assert_int_equal(civil_month_days(1900, 2), 28);
	assert_int_equal(civil_month_days(2000, 2), 29);
	for (int64_t day = -719162; day < 2932896; day += 97) {
		int64_t us = day * US_PER_DAY + 86399999999;
		struct civil_time civil = timestamp_to_civil(us);

		assert_true(civil_valid(&civil));
		assert_int_equal(timestamp_of_civil(&civil), us);
	}
}

static void test_format(void **state)
{
	char text[TIMESTAMP_TEXT_MAX];

	(void)state;
	assert_string_equal(timestamp_format(0, text).ptr,
			    "1970-01-01T00:00:00.000000Z");
	assert_string_equal(timestamp_format(-1, text).ptr,
			    "1969-12-31T23:59:59.999999Z");
	assert_string_equal(timestamp_format(INT64_MAX, text).ptr,
			    "9999-12-31T23:59:59.999999Z");
	assert_string_equal(timestamp_format(INT64_MIN, text).ptr,
			    "0001-01-01T00:00:00.000000Z");
	assert_int_equal(timestamp_format(0, text).len, TIMESTAMP_TEXT_MAX - 1);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *utc; /* NULL: refused */
	} cases[] = {
		{ "2026-02-01T10:20:30Z", "2026-02-01T10:20:30.000000Z" },
		{ "2026-02-01 10:20:30.5+02:00", "2026-02-01T08:20:30.500000Z" },
		{ "2026-02-01t10:20:30.123456789z", "2026-02-01T10:20:30.123456Z" },
		{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z" },
		{ "2026-02-29T00:00:00Z", NULL },
		{ "2026-02-01T10:20:30", NULL },
		{ "2026-02-01T10:20:30.Z", NULL },
		{ "2026-02-01T10:20:30Zx", NULL },
		{ "2026-02-01T24:00:00Z", NULL },
		{ "2026-02-01T10:20:30+2:00", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[TIMESTAMP_TEXT_MAX];
		int64_t us = 0;
		bool ok = timestamp_parse(slice_str(cases[i].text), &us);

		if (ok != (cases[i].utc != NULL))
			fail_msg("%s", cases[i].text);
		if (ok)
			assert_string_equal(timestamp_format(us, text).ptr,
					    cases[i].utc);
	}
}

struct case_scan {
	const char *text;
	const char *utc; /* NULL: no stamp; "": shaped like one, but absurd */
	int rest;        /* bytes behind the stamp */
};

static const struct case_scan cases[] = {
	{ "2025-06-07T08:09:10.123456789Z x", "2025-06-07T08:09:10.123456Z", 2 },
	{ "2025-06-07 08:09:10,123 INFO", "2025-06-07T08:09:10.123000Z", 5 },
	{ "2025-06-07 08:09:10.123 +02:00 x", "2025-06-07T06:09:10.123000Z", 2 },
	{ "2025-06-07 08:09:10 -0530 x", "2025-06-07T13:39:10.000000Z", 2 },
	{ "2025-06-07 08:09:10 UTC [7]", "2025-06-07T08:09:10.000000Z", 4 },
	{ "2025-06-07 08:09:10 CEST x", "2025-06-07T06:09:10.000000Z", 2 },
	{ "2025-06-07 08:09:10 GMTX x", "2025-06-07T08:09:10.000000Z", 7 },
	{ "2025-06-07 08:09", "2025-06-07T08:09:00.000000Z", 0 },
	{ "2025/06/07 08:09:10 x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "2025.06.07 x", "2025-06-07T00:00:00.000000Z", 2 },
	{ "2025-06-07-08.09.10.123456 x", "2025-06-07T08:09:10.123456Z", 2 },
	{ "2025-06-07_08:09:10", "2025-06-07T08:09:10.000000Z", 0 },
	{ "20250607T080910Z", "2025-06-07T08:09:10.000000Z", 0 },
	{ "20250607-08:09:10:123|a", "2025-06-07T08:09:10.123000Z", 2 },
	{ "20250607080910 x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "250607 080910 x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "250607  8:09:10 x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "25/06/07 08:09:10 x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "07.06.2025 08:09:10", "2025-06-07T08:09:10.000000Z", 0 },
	{ "06/07/2025 08:09:10 PM", "2025-06-07T20:09:10.000000Z", 0 },
	{ "27/06/2025 08:09:10", "2025-06-27T08:09:10.000000Z", 0 },
	{ "07-Jun-2025 08:09:10.123", "2025-06-07T08:09:10.123000Z", 0 },
	{ "10/Oct/2025:13:55:36 -0700] x", "2025-10-10T20:55:36.000000Z", 3 },
	{ "07 Jun 2025 08:09:10.123 *", "2025-06-07T08:09:10.123000Z", 2 },
	{ "Sat, 07 Jun 2025 08:09:10 GMT", "2025-06-07T08:09:10.000000Z", 0 },
	{ "Sat Jun 07 08:09:10 2025] x", "2025-06-07T08:09:10.000000Z", 3 },
	{ "Sat Jun  7 08:09:10.123456 2025", "2025-06-07T08:09:10.123456Z", 0 },
	{ "Jun 7, 2025 8:09:10 AM x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "Jun 07 2025 08:09:10: x", "2025-06-07T08:09:10.000000Z", 3 },
	{ "1749283750 x", "2025-06-07T08:09:10.000000Z", 2 },
	{ "1749283750.25 x", "2025-06-07T08:09:10.250000Z", 2 },
	{ "1749283750123 x", "2025-06-07T08:09:10.123000Z", 2 },
	{ "1749283750123456 x", "2025-06-07T08:09:10.123456Z", 2 },
	{ "1749283750123456789 x", "2025-06-07T08:09:10.123456Z", 2 },
	{ "2016-12-31 23:59:60 x", "2017-01-01T00:00:00.000000Z", 2 },
	/* no year: the latest one not in the future */
	{ "Dec 31 23:59:59 h", "2025-12-31T23:59:59.000000Z", 2 },
	{ "Jan  1 00:00:05 h", "2026-01-01T00:00:05.000000Z", 2 },
	{ "Jan  1 12:00:00 h", "2026-01-01T12:00:00.000000Z", 2 },
	{ "Jan  3 12:00:00 h", "2025-01-03T12:00:00.000000Z", 2 },
	{ "Feb 29 12:00:00 h", "2024-02-29T12:00:00.000000Z", 2 },
	{ "12-31 23:59:59.500  17 D", "2025-12-31T23:59:59.500000Z", 6 },
	{ "23:59:59.250 x", "2025-12-31T23:59:59.250000Z", 2 },
	{ "00:00:01 x", "2026-01-01T00:00:01.000000Z", 2 },
	/* absurd */
	{ "0000-00-00 00:00:00 x", "", 2 },
	{ "9999-12-31 23:59:59 x", "", 2 },
	{ "2025-02-30 00:00:00 x", "", 2 },
	/* no stamps */
	{ "2025-06-07T25:00:00 x", NULL, 0 },
	{ "2025-06-07T08:09:10Zulu", NULL, 0 },
	{ "9999999999 x", NULL, 0 },
	{ "1749283750-x", NULL, 0 },
	{ "127.0.0.1:8080 x", NULL, 0 },
	{ "1.2.3 released", NULL, 0 },
	{ "Mayhem 12 00:00:00", NULL, 0 },
	{ "Jun 31 00:00:00 h", NULL, 0 },
	{ "12:34 x more text", NULL, 0 },
};

static void test_scan(void **state)
{
	const struct timestamp_context context = { .now_us = NEW_YEAR_US };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct case_scan *c = &cases[i];
		struct timestamp_match match = { .us = TIMESTAMP_NONE };
		struct slice text = slice_str(c->text);
		char utc[TIMESTAMP_TEXT_MAX] = "";
		size_t len = timestamp_scan(text, &context, &match);

		if (match.us != TIMESTAMP_NONE && len > 0)
			(void)timestamp_format(match.us, utc); /* read from the array */
		if ((len > 0) != (c->utc != NULL) ||
		    (len > 0 &&
		     (strcmp(utc, c->utc) != 0 || text.len - len != (size_t)c->rest)))
			fail_msg("'%s' gives '%s', %zu bytes", c->text, utc, len);
	}
}

static void test_scan_in_configured_zone(void **state)
{
	const struct timestamp_context context = { .now_us = NEW_YEAR_US,
						   .zone_offset_s = 2 * 3600 };
	struct timestamp_match match;
	int64_t utc = 0;

	(void)state;
	assert_true(timestamp_parse(SLICE("2025-06-07T06:09:10Z"), &utc));
	assert_true(timestamp_scan(SLICE("2025-06-07 08:09:10"), &context, &match) > 0);
	assert_int_equal(match.us, utc);
	assert_true(timestamp_scan(SLICE("2025-06-07 06:09:10Z"), &context, &match) >
		    0);
	assert_int_equal(match.us, utc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calendar_round_trip),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scan_in_configured_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
