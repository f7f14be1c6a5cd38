/* test_sift_columns.c - cutting text by the columns it takes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "daemon/sift_columns.h"

static void test_append(void **state)
{
	static const struct {
		struct slice text;
		size_t columns;
		const char *shown;
		size_t used;
	} cases[] = {
		{ { "", 0 }, 5, "", 0 },
		{ { "abc", 3 }, 0, "", 0 },
		{ { "abc", 3 }, 3, "abc", 3 },
		{ { "abcd", 4 }, 3, "ab…", 3 },
		{ { "abcd", 4 }, 1, "…", 1 },
		/* two columns each: the ellipsis takes the place of a whole one */
		{ { "日本語", 9 }, 6, "日本語", 6 },
		{ { "日本語", 9 }, 5, "日本…", 5 },
		{ { "日本語", 9 }, 4, "日…", 3 },
		{ { "é̩x", 5 }, 2, "é̩x", 2 },
		/* no byte of what is not text reaches the terminal */
		{ { "a\tb", 3 }, 9, "a b", 3 },
		{ { "a\nb", 3 }, 9, "a ⏎ b", 5 },
		{ { "a\0b", 3 }, 9, "a\\x00b", 6 },
		{ { "\x1b]0;t\x07", 6 }, 20, "\\x1b]0;t\\x07", 12 },
		{ { "\xff\xc3", 2 }, 20, "\\xff\\xc3", 8 },
		{ { "\xc2\x9b", 2 }, 20, "\\xc2\\x9b", 8 },
		{ { "\xff\xff", 2 }, 7, "\\xff…", 5 },
		/* colours of the text's own go */
		{ { "\x1b[1;31mERR\x1b[0m", 14 }, 3, "ERR", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };
		size_t used = columns_append(&out, cases[i].text, cases[i].columns);

		buf_append_char(&out, '\0');
		assert_string_equal(out.data, cases[i].shown);
		assert_int_equal(used, cases[i].used);
		assert_true(used <= cases[i].columns);
		buf_deinit(&out);
	}
}

static void test_of(void **state)
{
	(void)state;
	assert_int_equal(columns_of(SLICE("")), 0);
	assert_int_equal(columns_of(SLICE("a\tb")), 3);
	assert_int_equal(columns_of(SLICE("日本")), 4);
	assert_int_equal(columns_of(SLICE("\xff")), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_of),
	};

	columns_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
