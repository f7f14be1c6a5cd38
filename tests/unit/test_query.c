/* test_query.c - what comes in a URL and goes out as JSON: parameters, cursors, columns
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "api/columns.h"
#include "api/cursor.h"
#include "api/query.h"
#include "base/compiler.h"

static void test_query_decode(void **state)
{
	static const struct {
		const char *text;
		const char *name;
		const char *value; /* NULL: no such parameter */
		int result;
	} cases[] = {
		{ "", "a", NULL, 0 },
		{ "a=1&b=2", "b", "2", 0 },
		{ "a=1&a=2", "a", "1", 0 },
		{ "&&a=1&", "a", "1", 0 },
		{ "a", "a", "", 0 },
		{ "a=", "a", "", 0 },
		{ "=x", "", "x", 0 },
		{ "q=a+b%20c%2Bd", "q", "a b c+d", 0 },
		{ "q=100%25_", "q", "100%_", 0 },
		{ "q=a=b", "q", "a=b", 0 },
		{ "%71=%c3%a9", "q", "\xc3\xa9", 0 },
		{ "q=%", "q", NULL, -1 },
		{ "q=%4", "q", NULL, -1 },
		{ "q=%zz", "q", NULL, -1 },
		{ "%=1", "q", NULL, -1 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena arena = { 0 };
		struct query query = { 0 };
		struct error error = { 0 };
		struct slice value = { 0 };
		int result =
			query_parse(slice_str(cases[i].text), &arena, &query, &error);

		if (result != cases[i].result)
			fail_msg("%s: result %d", cases[i].text, result);
		value = result == 0 ? query_get(&query, cases[i].name)
				    : (struct slice){ 0 };
		if (cases[i].value == NULL)
			assert_null(value.ptr);
		else if (value.ptr == NULL ||
			 !slice_equal(value, slice_str(cases[i].value)))
			fail_msg("%s: value %.*s", cases[i].text, (int)value.len,
				 value.ptr);
		arena_deinit(&arena);
	}
}

static void test_query_limit(void **state)
{
	char text[QUERY_PARAMS_MAX * 2 + 3];
	struct arena arena = { 0 };
	struct query query = { 0 };
	struct error error = { 0 };

	(void)state; /* none */
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "a&", i + 1 < sizeof(text) ? 2 : 1);
	assert_int_equal(query_parse(slice_of(text, (size_t)QUERY_PARAMS_MAX * 2),
				     &arena, &query, &error),
			 0);
	assert_int_equal(query.count, QUERY_PARAMS_MAX);
	assert_int_equal(
		query_parse(slice_of(text, sizeof(text)), &arena, &query, &error), -1);
	arena_deinit(&arena);
}

static void test_query_int(void **state)
{
	static const struct {
		const char *query;
		int result;
		int64_t value;
	} cases[] = {
		{ "", 0, 100 },           { "limit=", 0, 100 },
		{ "limit=1", 0, 1 },      { "limit=500", 0, 500 },
		{ "limit=501", -1, 100 }, { "limit=0", -1, 100 },
		{ "limit=-5", -1, 100 },  { "limit=5x", -1, 100 },
		{ "limit=+5", -1, 100 },  { "limit=99999999999999999999", -1, 100 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct query_int want = { "limit", 1, 500 };
		struct arena arena = { 0 };
		struct query query = { 0 };
		struct error error = { 0 };
		int64_t value = 100;

		assert_int_equal(
			query_parse(slice_str(cases[i].query), &arena, &query, &error),
			0);
		if (query_read_int(&query, &want, &value, &error) != cases[i].result ||
		    value != cases[i].value)
			fail_msg("%s: value %d", cases[i].query, (int)value);
		if (cases[i].result != 0)
			assert_string_equal(error.text,
					    "limit must be a number from 1 to 500");
		arena_deinit(&arena);
	}
}

static void test_query_ids(void **state)
{
	static const struct {
		const char *text;
		int64_t id;
		uint64_t hex;
		bool is_id;
		bool is_hex;
	} cases[] = {
		{ "1", 1, 0, true, false },
		{ "9223372036854775807", INT64_MAX, 0, true, false },
		{ "9223372036854775808", 0, 0, false, false },
		{ "0", 0, 0, false, false },
		{ "-1", 0, 0, false, false },
		{ "", 0, 0, false, false },
		{ "1 ", 0, 0, false, false },
		{ "fffffffffffffffb", 0, 0xfffffffffffffffbu, false, true },
		{ "FFFFFFFFFFFFFFFB", 0, 0xfffffffffffffffbu, false, true },
		{ "fffffffffffffffg", 0, 0, false, false },
		{ "0000000000000012", 12, 0x12, true, true },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = slice_str(cases[i].text);
		uint64_t hex = 0;
		int64_t id = 0;

		if (query_id(text, &id) != cases[i].is_id ||
		    (cases[i].is_id && id != cases[i].id))
			fail_msg("%s: id", cases[i].text);
		if (query_hex64(text, &hex) != cases[i].is_hex || hex != cases[i].hex)
			fail_msg("%s: hex", cases[i].text);
	}
}

static void test_query_word(void **state)
{
	static const char *const words[] = { "asc", "desc", NULL };
	struct arena arena = { 0 };
	struct query query = { 0 };
	struct error error = { 0 };
	size_t index = 9;

	(void)state; /* none */
	assert_int_equal(query_parse(SLICE("order=desc&x=up"), &arena, &query, &error),
			 0);
	assert_int_equal(query_read_word(&query, "absent", words, &index, &error), 0);
	assert_int_equal(index, 9);
	assert_int_equal(query_read_word(&query, "order", words, &index, &error), 0);
	assert_int_equal(index, 1);
	assert_int_equal(query_read_word(&query, "x", words, &index, &error), -1);
	assert_string_equal(error.text, "x must be one of: asc, desc");
	arena_deinit(&arena);
}

static void test_cursor(void **state)
{
	static const struct cursor cursors[] = {
		{ 'a', 0, 0 },
		{ 'b', INT64_MAX, INT64_MIN },
		{ 'c', -1, 1 },
		{ 'd', 1700000000000000, 42 },
	};
	struct cursor read = { 0 };
	char text[CURSOR_TEXT_SIZE];

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
		cursor_write(&cursors[i], text);
		assert_true(cursor_read(slice_str(text), cursors[i].kind, &read));
		assert_int_equal(read.value, cursors[i].value);
		assert_int_equal(read.id, cursors[i].id);
		assert_false(cursor_read(slice_str(text), 'z', &read));
		assert_false(cursor_read(slice_head(slice_str(text), 20),
					 cursors[i].kind, &read));
	}
	assert_false(cursor_read(SLICE(""), 'a', &read));
	assert_false(cursor_read(SLICE("!!!"), 'a', &read));
	assert_false(
		cursor_read(SLICE("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"), 'a', &read));
}

static void test_times(void **state)
{
	static const struct {
		int64_t time_us;
		const char *text;
	} cases[] = {
		{ 0, "\"1970-01-01T00:00:00.000000Z\"" },
		{ 1700000000123456, "\"2023-11-14T22:13:20.123456Z\"" },
		{ -1, "\"1969-12-31T23:59:59.999999Z\"" },
		{ -1000000, "\"1969-12-31T23:59:59.000000Z\"" },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf buf = { 0 };
		struct json_out out = json_out_init(&buf);

		columns_write_time(&out, cases[i].time_us);
		assert_true(slice_equal(buf_slice(&buf), slice_str(cases[i].text)));
		buf_deinit(&buf);
	}
}

static void test_bytes(void **state)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_init(&buf);

	(void)state; /* none */
	json_array_begin(&out);
	columns_write_bytes(&out, SLICE("\\x"));
	columns_write_bytes(&out, SLICE("\\x61225aff"));
	columns_write_bytes(&out, (struct slice){ 0 });
	json_array_end(&out);
	assert_true(slice_equal(buf_slice(&buf),
				SLICE("[\"\",\"a\\\"Z\xef\xbf\xbd\",null]")));
	buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_decode), cmocka_unit_test(test_query_limit),
		cmocka_unit_test(test_query_int),    cmocka_unit_test(test_query_ids),
		cmocka_unit_test(test_query_word),   cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_times),        cmocka_unit_test(test_bytes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
