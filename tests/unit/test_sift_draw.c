/* test_sift_draw.c - sparklines and level bars */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "daemon/sift_draw.h"

static void test_spark(void **state)
{
	static const struct {
		uint64_t counts[6];
		size_t used, columns;
		const char *text;
	} cases[] = {
		{ { 0 }, 0, 3, "   " },
		{ { 7 }, 1, 3, "███" },
		{ { 1, 2, 4, 7 }, 4, 4, "▂▃▅█" },
		{ { 0, 1, 1000 }, 3, 3, " ▁█" },
		/* summed, per count */
		{ { 1, 1, 0, 0, 2, 0 }, 6, 3, "█ █" },
		/* stretched */
		{ { 1, 0, 2 }, 3, 6, "▄▄  ██" },
		/* columns of two and of one count stay as high as they are */
		{ { 3, 3, 3, 3, 3 }, 5, 3, "███" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };

		draw_spark(&out, cases[i].counts, cases[i].used, cases[i].columns);
		buf_append_char(&out, '\0');
		assert_string_equal(out.data, cases[i].text);
		buf_deinit(&out);
	}
}

static void test_level_bar(void **state)
{
	static const struct {
		uint64_t levels[SEVERITY_COUNT];
		size_t cells;
		const char *text;
	} cases[] = {
		{ { [SEVERITY_INFO] = 9 }, 4, "IIII" },
		{ { [SEVERITY_NONE] = 9 }, 4, "...." },
		{ { [SEVERITY_INFO] = 5, [SEVERITY_ERROR] = 5 }, 8, "EEEEIIII" },
		/* rare, but it shows */
		{ { [SEVERITY_INFO] = 1000000, [SEVERITY_CRITICAL] = 1 },
		  8,
		  "CIIIIIII" },
		{ { [SEVERITY_INFO] = 1000000, [SEVERITY_DEBUG] = 1 }, 4, "IIID" },
		/* common, but it leaves room */
		{ { [SEVERITY_INFO] = 1, [SEVERITY_ERROR] = 1000000 }, 8, "EEEEEEEI" },
		{ { 1, 1, 1, 1, 1, 1, 1, 1 }, 8, "CEWNIDT." },
		{ { 1, 1, 1, 1, 1, 1, 1, 1 }, 1, "C" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };

		draw_level_bar(&out, cases[i].levels, cases[i].cells, false);
		buf_append_char(&out, '\0');
		assert_string_equal(out.data, cases[i].text);
		buf_deinit(&out);
	}
}

static void test_level_bar_colour(void **state)
{
	const uint64_t levels[SEVERITY_COUNT] = {
		[SEVERITY_WARN] = 2, [SEVERITY_ERROR] = 2
	};
	struct buf out = { 0 };

	(void)state;
	draw_level_bar(&out, levels, 4, true);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, "\x1b[0;97;41mEE\x1b[0;30;43mWW\x1b[0m");
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spark),
		cmocka_unit_test(test_level_bar),
		cmocka_unit_test(test_level_bar_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
