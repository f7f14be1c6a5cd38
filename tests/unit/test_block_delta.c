/* test_block_delta.c - a text comes back out of its difference from any other */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pipeline/block_delta.h"
#include "random_numbers.h"

enum { TEXT_MAX = 400 };

/* a copy with the slack that the reader asks for, and nothing behind it */
static char *with_slack(struct slice bytes)
{
	char *copy = mem_calloc(bytes.len + BLOCK_DELTA_SLACK, 1);

	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	return copy;
}

/* puts and takes; the text must be all that is there */
static void assert_comes_back(struct slice text, struct slice like)
{
	struct block_delta delta = { 0 };
	struct block_delta_source source = { 0 };
	char *out = mem_calloc(text.len + BLOCK_DELTA_SLACK, 1);
	char *fresh = NULL;
	char *other = with_slack(like);

	block_delta_put(&delta, text, like, NULL);
	fresh = with_slack(buf_slice(&delta.fresh));
	source.steps = buf_slice(&delta.steps);
	source.fresh = slice_of(fresh, delta.fresh.len);
	assert_int_equal(
		block_delta_take(&source,
				 slice_of(like.ptr == NULL ? NULL : other, like.len),
				 out, text.len),
		0);
	assert_true(slice_equal(slice_of(out, text.len), text));
	assert_int_equal(source.steps.len, 0);
	assert_int_equal(source.fresh.len, 0);
	block_delta_deinit(&delta);
	mem_free(out);
	mem_free(fresh);
	mem_free(other);
}

static void test_cases(void **state)
{
	static const struct {
		const char *like;
		const char *text;
		size_t steps; /* bytes of them, and of what is taken */
		size_t fresh;
	} cases[] = {
		{ "", "", 0, 0 },
		{ "", "a", 2, 1 },
		{ "a", "", 0, 0 },
		{ "same", "same", 1, 0 },
		{ "10:00:01 took 5 ms", "10:00:02 took 7 ms", 5, 2 },
		/* one gap of two bytes is taken too */
		{ "took 10 ms", "took 21 ms", 3, 2 },
		{ "took 1xx1 ms", "took 2xx2 ms", 3, 4 },
		{ "took 1xxx1 ms", "took 2xxx2 ms", 5, 2 },
		/* words of other lengths */
		{ "user 9 of db-1", "user 1000 of db-2", 4, 5 },
		{ "user bob left", "user  left", 3, 0 },
		{ "user  left", "user bob left", 3, 3 },
		/* as many bytes, but at other places */
		{ "a 9 b 100 c d e f", "a 10 b 99 c d e f", 5, 4 },
		/* other borders: what both end with is copied */
		{ "path /a/b/c done", "path /a-bcd done", 3, 4 },
		{ "short", "a text that shares no place with it", 4, 34 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = slice_str(cases[i].text);
		struct slice like = slice_str(cases[i].like);
		struct block_delta delta = { 0 };

		assert_comes_back(text, like);
		block_delta_put(&delta, text, like, NULL);
		if (delta.steps.len != cases[i].steps ||
		    delta.fresh.len != cases[i].fresh)
			fail_msg("%s: %zu, %zu", cases[i].text, delta.steps.len,
				 delta.fresh.len);
		block_delta_deinit(&delta);
	}
}

static void test_whole(void **state)
{
	struct block_delta delta = { 0 };

	(void)state;
	assert_comes_back(SLICE("whole"), slice_of(NULL, 0));
	block_delta_put(&delta, SLICE("whole"), slice_of(NULL, 0), NULL);
	assert_int_equal(delta.steps.len, 0);
	assert_int_equal(delta.fresh.len, 5);
	block_delta_deinit(&delta);
}

/* the text with some bytes replaced, put in and taken out; its length */
static size_t mutate(const char *text, size_t len, char *out)
{
	size_t out_len = 0;
	uint64_t rarity = 2 + random_below(60);

	for (size_t i = 0; i < len && out_len < TEXT_MAX - 1; i++) {
		uint64_t choice = random_below(rarity);

		if (choice == 0)
			continue;
		out[out_len] = text[i];
		if (choice == 1)
			out[out_len] = (char)random_below(256);
		out_len++;
		if (choice == 2)
			out[out_len++] = (char)('0' + random_below(10));
	}
	return out_len;
}

static void test_random_texts(void **state)
{
	static const char alphabet[] = "ab1 :/";

	(void)state;
	random_state = 11;
	for (unsigned round = 0; round < 20000; round++) {
		char like[TEXT_MAX] = { 0 };
		char text[TEXT_MAX] = { 0 };
		size_t like_len = random_below(TEXT_MAX);
		size_t text_len = 0;

		for (size_t i = 0; i < like_len; i++)
			like[i] = alphabet[random_below(sizeof(alphabet) - 1)];
		text_len = mutate(like, like_len, text);
		if (random_below(3) == 0 && text_len > like_len)
			text_len = like_len;
		assert_comes_back(slice_of(text, text_len), slice_of(like, like_len));
	}
}

/* numbers of more than one byte, in every place */
static void test_long_texts(void **state)
{
	static const size_t lengths[] = { 14, 15, 16, 127, 128, 142, 143, 20000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
			struct buf text = { 0 };
			struct buf like = { 0 };

			for (size_t n = 0; n < lengths[i]; n++) {
				buf_append_char(&text, 'x');
				buf_append_char(&like, 'x');
			}
			for (size_t n = 0; n < lengths[k]; n++)
				buf_append_char(&text, 'a');
			for (size_t n = 0; n < lengths[ARRAY_LEN(lengths) - 1 - k]; n++)
				buf_append_char(&like, 'b');
			buf_append_str(&text, " end");
			buf_append_str(&like, " end");
			assert_comes_back(buf_slice(&text), buf_slice(&like));
			buf_deinit(&text);
			buf_deinit(&like);
		}
	}
}

static void test_refuses(void **state)
{
	static const struct {
		struct slice steps;
		struct slice fresh;
		const char *like;
		size_t len;
	} cases[] = {
		{ { "", 0 }, { "", 0 }, "abc", 1 },           /* no step */
		{ { "\x80", 1 }, { "", 0 }, "abc", 1 },       /* half a number */
		{ { "\x04", 1 }, { "", 0 }, "abc", 4 },       /* more than there is */
		{ { "\x03", 1 }, { "", 0 }, "abc", 2 },       /* more than wanted */
		{ { "\x02", 1 }, { "", 0 }, "abc", 3 },       /* and then? */
		{ { "\x02\x01", 2 }, { "", 0 }, "abc", 3 },   /* nothing to take */
		{ { "\x02\x02", 2 }, { "xy", 2 }, "abc", 3 }, /* takes too much */
		{ { "\x02\x21", 2 }, { "x", 1 }, "abc", 3 },  /* passes too much */
		{ { "\x00\x0f", 2 }, { "x", 1 }, "abc", 3 },  /* number is missing */
		{ { "\x00\x0f\xff\xff\xff\xff\xff\xff\xff", 9 }, { "x", 1 }, "", 3 },
		{ { "\x00\xf0\xff\xff\xff\xff\x7f", 7 }, { "x", 1 }, "abc", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *fresh = with_slack(cases[i].fresh);
		char *like = with_slack(slice_str(cases[i].like));
		char out[3 + 1 + BLOCK_DELTA_SLACK] = { 0 };
		struct block_delta_source source = {
			.steps = cases[i].steps,
			.fresh = slice_of(fresh, cases[i].fresh.len),
		};

		assert_int_equal(block_delta_take(&source,
						  slice_of(like, strlen(cases[i].like)),
						  out, cases[i].len),
				 -1);
		mem_free(fresh);
		mem_free(like);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),        cmocka_unit_test(test_whole),
		cmocka_unit_test(test_random_texts), cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
