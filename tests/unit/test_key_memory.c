/* test_key_memory.c - how long answers are good, and what is forgotten */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "api/key_memory.h"
#include "api/token.h"
#include "base/compiler.h"

#define SECOND_US INT64_C(1000000)

static struct slice hash_of(char bytes[TOKEN_HASH_BYTES], unsigned number)
{
	memset(bytes, 0, TOKEN_HASH_BYTES);
	memcpy(bytes, &number, sizeof(number));
	return slice_of(bytes, TOKEN_HASH_BYTES);
}

static void test_keys(void **state)
{
	static const struct {
		int64_t age_us;
		bool away;
		bool found;
	} cases[] = {
		{ 0, false, true },
		{ KEY_MEMORY_FRESH_S * SECOND_US - 1, false, true },
		{ KEY_MEMORY_FRESH_S * SECOND_US, false, false },
		{ KEY_MEMORY_FRESH_S * SECOND_US, true, true },
		{ KEY_MEMORY_AWAY_S * SECOND_US - 1, true, true },
		{ KEY_MEMORY_AWAY_S * SECOND_US, true, false },
	};
	struct key_memory *memory = key_memory_new();
	const struct known_key key = { .id = 3, .project_id = 7, .name = SLICE("web") };
	char bytes[TOKEN_HASH_BYTES];
	struct buf metrics = { 0 };

	(void)state;
	key_memory_keep(memory, hash_of(bytes, 1), &key, 1000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct known_key *found =
			key_memory_find(memory, hash_of(bytes, 1), cases[i].away,
					1000 + cases[i].age_us);

		assert_int_equal(found != NULL, cases[i].found);
		if (found != NULL)
			assert_true(slice_equal(found->name, SLICE("web")));
	}
	key_memory_write_metrics(memory, &metrics);
	buf_append_char(&metrics, '\0');
	assert_non_null(strstr(metrics.data, "{why=\"fresh\"} 2\n"));
	assert_non_null(strstr(metrics.data, "{why=\"away\"} 2\n"));
	buf_deinit(&metrics);
	assert_null(key_memory_find(memory, hash_of(bytes, 2), true, 1000));
	key_memory_clear(memory);
	assert_null(key_memory_find(memory, hash_of(bytes, 1), true, 1000));
	key_memory_free(&memory);
}

/* the database may be away for as long as it likes: the key ends when it was to end */
static void test_expiry(void **state)
{
	struct key_memory *memory = key_memory_new();
	struct known_key key = { .id = 3, .expires_s = time(NULL) - 1 };
	char bytes[TOKEN_HASH_BYTES];

	(void)state;
	key_memory_keep(memory, hash_of(bytes, 1), &key, 0);
	assert_null(key_memory_find(memory, hash_of(bytes, 1), true, 0));
	key.expires_s = time(NULL) + 1000;
	key_memory_keep(memory, hash_of(bytes, 1), &key, 0);
	assert_non_null(key_memory_find(memory, hash_of(bytes, 1), true, 0));
	key_memory_free(&memory);
}

static void test_bounds(void **state)
{
	struct key_memory *memory = key_memory_new();
	const struct known_key key = { .id = 3 };
	char bytes[TOKEN_HASH_BYTES];

	(void)state;
	for (unsigned i = 0; i < KEY_MEMORY_KEYS; i++)
		key_memory_keep(memory, hash_of(bytes, i), &key, 0);
	assert_non_null(key_memory_find(memory, hash_of(bytes, 0), false, 0));
	/* again: no more place is needed */
	key_memory_keep(memory, hash_of(bytes, 5), &key, 0);
	assert_non_null(key_memory_find(memory, hash_of(bytes, 0), false, 0));
	key_memory_keep(memory, hash_of(bytes, KEY_MEMORY_KEYS), &key, 0);
	assert_null(key_memory_find(memory, hash_of(bytes, 0), false, 0));
	assert_non_null(
		key_memory_find(memory, hash_of(bytes, KEY_MEMORY_KEYS), false, 0));
	key_memory_free(&memory);
}

static void test_places(void **state)
{
	struct key_memory *memory = key_memory_new();
	int64_t late_us = KEY_MEMORY_FRESH_S * SECOND_US;

	(void)state;
	key_memory_keep_place(memory, 7, SLICE("web"), 70, 0);
	key_memory_keep_place(memory, 8, SLICE("web"), 80, 0);
	assert_int_equal(key_memory_find_place(memory, 7, SLICE("web"), false, 0), 70);
	assert_int_equal(key_memory_find_place(memory, 8, SLICE("web"), false, 0), 80);
	assert_int_equal(key_memory_find_place(memory, 7, SLICE("we"), false, 0), 0);
	assert_int_equal(key_memory_find_place(memory, 7, SLICE("web"), false, late_us),
			 0);
	assert_int_equal(key_memory_find_place(memory, 7, SLICE("web"), true, late_us),
			 70);
	key_memory_clear(memory);
	assert_int_equal(key_memory_find_place(memory, 7, SLICE("web"), true, 0), 0);
	key_memory_free(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
