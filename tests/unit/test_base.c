/* test_base.c - slices, buffers, tables, mailboxes, JSON output */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash64.h"
#include "base/json_out.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/table.h"
#include "base/utf8.h"

static void test_slice(void **state)
{
	(void)state;
	assert_true(slice_equal_nocase(SLICE("WarN"), SLICE("wARn")));
	assert_false(slice_equal_nocase(SLICE("warn"), SLICE("warns")));
	assert_true(slice_equal(slice_trim(SLICE(" \t a b\r\n")), SLICE("a b")));
	assert_int_equal(slice_trim(SLICE("  ")).len, 0);
	assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
	assert_int_equal(slice_from(SLICE("abc"), 9).len, 0);
}

static void test_table_against_removal(void **state)
{
	struct table table = { 0 };
	size_t found = 0;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		*table_put(&table, i * 64, NULL) = i;
	for (uint64_t i = 0; i < 10000; i += 3)
		assert_true(table_remove(&table, i * 64));
	assert_false(table_remove(&table, 0));
	for (uint64_t i = 0; i < 10000; i++) {
		const uint64_t *value = table_get(&table, i * 64);

		if (i % 3 == 0) {
			assert_null(value);
		} else {
			assert_int_equal(*value, i);
			found++;
		}
	}
	assert_int_equal(found, table.count);
	table_deinit(&table);
}

static void test_arena(void **state)
{
	struct arena arena = { 0 };
	struct slice copy = { 0 };

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5000; i++)
			copy = arena_dup(&arena, SLICE("twenty bytes of text"));
		assert_true(slice_equal(copy, SLICE("twenty bytes of text")));
		(void)arena_alloc(&arena, 1000000);
		arena_reset(&arena);
		assert_true(arena_bytes(&arena) <= 64 * 1024);
	}
	arena_deinit(&arena);
}

static void test_json(void **state)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_init(&buf);

	(void)state;
	json_object_begin(&out);
	json_key_string(&out, "a\"b", SLICE("x\n\x01\xff\xc3\xa9"));
	json_key(&out, "list");
	json_array_begin(&out);
	json_int(&out, -1);
	json_bool(&out, true);
	json_object_begin(&out);
	json_object_end(&out);
	json_array_end(&out);
	json_key_string(&out, "none", (struct slice){ 0 });
	json_key_hex64(&out, "h", 0xab);
	json_object_end(&out);
	buf_append_char(&buf, '\0');
	assert_string_equal(buf.data, "{\"a\\\"b\":\"x\\n\\u0001\xef\xbf\xbd\xc3\xa9\","
				      "\"list\":[-1,true,{}],\"none\":null,"
				      "\"h\":\"00000000000000ab\"}");
	buf_deinit(&buf);
}

static void test_utf8(void **state)
{
	(void)state;
	assert_true(utf8_valid(SLICE("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
	assert_false(utf8_valid(SLICE("\xc0\x80")));
	assert_false(utf8_valid(SLICE("\xed\xa0\x80")));
	assert_false(utf8_valid(SLICE("\xf4\x90\x80\x80")));
	assert_false(utf8_valid(SLICE("\xe2\x82")));
}

static void test_mailbox(void **state)
{
	struct mailbox *mailbox = mailbox_new(10);
	int a = 0;
	int b = 0;

	(void)state;
	assert_true(mailbox_try_put(mailbox, &a, 100)); /* alone: always let in */
	assert_false(mailbox_try_put(mailbox, &b, 1));
	assert_ptr_equal(mailbox_take(mailbox), &a);
	assert_null(mailbox_wait(mailbox, 1));
	assert_true(mailbox_try_put(mailbox, &b, 1));
	mailbox_close(mailbox);
	assert_false(mailbox_put(mailbox, &a, 1));
	assert_ptr_equal(mailbox_wait(mailbox, -1), &b);
	assert_null(mailbox_wait(mailbox, -1));
	mailbox_free(&mailbox, NULL);
	assert_null(mailbox);
}

static void test_hash(void **state)
{
	(void)state;
	/* stored values depend on it: XXH3-64 of "" and "abc", seed 0 */
	assert_true(hash64(SLICE(""), 0) == UINT64_C(0x2d06800538d394c2));
	assert_true(hash64(SLICE("abc"), 0) == UINT64_C(0x78af5f94892f3950));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_table_against_removal),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
