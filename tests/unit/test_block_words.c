/* test_block_words.c - the filter of words never misses what is there */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/block.h"
#include "random_events.h"

static void encode(const struct events *events, struct block_encoded *out)
{
	struct block_builder *builder = block_builder_new(1);

	block_builder_set_words(builder, true);
	for (size_t i = 0; i < events->count; i++)
		assert_true(block_builder_add(builder, &events->items[i]));
	block_builder_seal(builder, out);
	block_builder_free(&builder);
}

/* turns letters over at random, as a person may type them */
static void change_case(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (letter && random_below(2) == 0)
			text->data[i] = (char)(c ^ 0x20);
	}
}

static void assert_no_false_negative(const struct events *events, struct slice words)
{
	for (size_t i = 0; i < events->count; i++) {
		struct slice raw = events->items[i].raw;
		struct buf query = { 0 };
		size_t begin = random_below(raw.len + 1);
		size_t len = random_below(raw.len - begin + 1);

		if (random_below(2) == 0 && len > 12)
			len = random_below(13);
		buf_append(&query, raw.ptr + begin, len);
		change_case(&query);
		assert_true(block_words_may_hold(words, buf_slice(&query)));
		assert_true(block_words_may_hold(words, raw));
		buf_deinit(&query);
	}
}

static void test_words_never_miss(void **state)
{
	static const size_t raw_max[] = { 4, 9, 40, 1000 };

	(void)state;
	random_state = 4;
	for (size_t round = 0; round < 40; round++) {
		struct events events =
			events_new(1 + random_below(600), raw_max[round % 4]);
		struct block_encoded encoded = { 0 };

		encode(&events, &encoded);
		assert_no_false_negative(&events, buf_slice(&encoded.words));
		block_encoded_deinit(&encoded);
		events_free(&events);
	}
}

enum { LIKE_COUNT = 60, LIKE_BYTES = 500 };

/* each text is the one before with some bytes changed, cut or lengthened */
static void fill_like(struct block_event *items, char (*texts)[LIKE_BYTES])
{
	for (size_t i = 0; i < LIKE_COUNT; i++) {
		size_t len = random_below(8) == 0 ? random_below(LIKE_BYTES + 1)
						  : LIKE_BYTES - random_below(10);

		if (i > 0)
			memcpy(texts[i], texts[i - 1], LIKE_BYTES);
		for (size_t changes = i == 0 ? LIKE_BYTES : random_below(6);
		     changes > 0; changes--)
			texts[i][random_below(LIKE_BYTES)] = (char)random_below(256);
		items[i] = (struct block_event){ .raw = slice_of(texts[i], len),
						 .template_key = random_below(2) };
	}
}

static void test_words_of_like_texts(void **state)
{
	(void)state;
	random_state = 9;
	for (size_t round = 0; round < 60; round++) {
		char texts[LIKE_COUNT][LIKE_BYTES] = { 0 };
		struct block_event items[LIKE_COUNT];
		struct events events = { .items = items, .count = LIKE_COUNT };
		struct block_encoded encoded = { 0 };

		fill_like(items, texts);
		encode(&events, &encoded);
		assert_no_false_negative(&events, buf_slice(&encoded.words));
		block_encoded_deinit(&encoded);
	}
}

static void test_words_of_nul_bytes(void **state)
{
	static const char nuls[16];
	struct block_event event = { .raw = { nuls, sizeof(nuls) } };
	struct events events = { .items = &event, .count = 1 };
	struct block_encoded encoded = { 0 };

	(void)state;
	encode(&events, &encoded);
	assert_true(block_words_may_hold(buf_slice(&encoded.words), slice_of(nuls, 5)));
	block_encoded_deinit(&encoded);
}

static void test_words_tell_absence(void **state)
{
	struct block_event event = { .raw = SLICE("Connection refused by db-7") };
	struct events events = { .items = &event, .count = 1 };
	struct block_encoded encoded = { 0 };
	struct slice words = { 0 };

	(void)state;
	encode(&events, &encoded);
	words = buf_slice(&encoded.words);
	assert_true(block_words_may_hold(words, SLICE("REFUSED BY")));
	assert_true(block_words_may_hold(words, SLICE("db-7")));
	assert_true(block_words_may_hold(words, SLICE("zz"))); /* too short to tell */
	assert_true(block_words_may_hold(words, SLICE("")));
	assert_false(block_words_may_hold(words, SLICE("timed out")));
	assert_false(block_words_may_hold(words, SLICE("Connection reset")));
	assert_false(block_words_may_hold(words, SLICE("db-8")));
	/* what cannot be relied on excludes nothing */
	assert_true(block_words_may_hold(slice_of(NULL, 0), SLICE("timed out")));
	assert_true(block_words_may_hold(slice_head(words, 20), SLICE("timed out")));
	for (size_t i = 0; i < words.len; i++) {
		encoded.words.data[i] ^= 0x10;
		assert_true(block_words_may_hold(words, SLICE("db-7")));
		encoded.words.data[i] ^= 0x10;
	}
	block_encoded_deinit(&encoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_never_miss),
		cmocka_unit_test(test_words_of_like_texts),
		cmocka_unit_test(test_words_of_nul_bytes),
		cmocka_unit_test(test_words_tell_absence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
