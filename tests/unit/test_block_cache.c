/* test_block_cache.c - decoded blocks are shared, bounded, and stay while they are held
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/block_cache.h"
#include "base/buf.h"

#define EVENTS 3000
#define READERS 3
#define BLOCKS INT64_C(20)

static struct block_encoded encoded;

static void write_raw(uint32_t row, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "request %u took %u ms", row * 7919u % 100003u, row % 97u);
}

static int set_up(void **state)
{
	struct block_builder *builder = block_builder_new(1);
	struct buf raw = { 0 };

	(void)state;
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct block_event event = { .template_key = i % 5 };

		write_raw(i, &raw);
		event.raw = buf_slice(&raw);
		assert_true(block_builder_add(builder, &event));
	}
	block_builder_seal(builder, &encoded);
	block_builder_free(&builder);
	buf_deinit(&raw);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	block_encoded_deinit(&encoded);
	return 0;
}

static struct opened_block *open_block(void)
{
	struct opened_block *opened = NULL;
	struct error error = { 0 };

	assert_int_equal(opened_block_new(buf_slice(&encoded.meta), &opened, &error),
			 0);
	return opened;
}

static struct block_cache_key key_of(int64_t first_seq)
{
	return (struct block_cache_key){ 1, first_seq, encoded.body.len, EVENTS,
					 false };
}

static void read_event(struct opened_block *opened, uint32_t row)
{
	const struct block_part whole = { .bytes = buf_slice(&encoded.body) };
	struct block_event event = { 0 };
	struct error error = { 0 };
	struct buf raw = { 0 };

	write_raw(row, &raw);
	if (opened_block_raw(opened, &whole, row, &event, &error) < 0)
		abort();
	if (!slice_equal(event.raw, buf_slice(&raw)))
		abort(); /* cmocka's own are for the main thread */
	buf_deinit(&raw);
}

static void test_what_is_put_is_shared(void **state)
{
	struct block_cache *cache = block_cache_new((size_t)1 << 30);
	struct block_cache_key key = key_of(1);
	struct block_cache_key other = key;
	struct opened_block *first = NULL;
	struct opened_block *second = NULL;

	(void)state;
	assert_null(block_cache_get(cache, &key));
	first = block_cache_put(cache, &key, open_block());
	second = block_cache_get(cache, &key);
	assert_ptr_equal(first, second);
	block_cache_release(cache, &second);
	assert_null(second);
	/* two queries opened it at the same time */
	second = block_cache_put(cache, &key, open_block());
	assert_ptr_equal(first, second);
	block_cache_release(cache, &second);
	block_cache_release(cache, &first);
	/* what took its place, or its rare events, is something else */
	other.body_len++;
	assert_null(block_cache_get(cache, &other));
	other = key;
	other.rare = true;
	assert_null(block_cache_get(cache, &other));
	other = key;
	other.project_id++;
	assert_null(block_cache_get(cache, &other));
	assert_int_equal(block_cache_stats(cache).hits, 1);
	assert_int_equal(block_cache_stats(cache).misses, 4);
	block_cache_free(&cache);
	assert_null(cache);
}

static void test_the_oldest_make_room(void **state)
{
	struct opened_block *probe = open_block();
	size_t each = atomic_load(&probe->bytes) + 256;
	struct block_cache *cache = block_cache_new(each * (size_t)(BLOCKS / 2));
	struct opened_block *held = NULL;

	(void)state;
	opened_block_free(&probe);
	for (int64_t i = 0; i < BLOCKS; i++) {
		struct block_cache_key key = key_of(i);
		struct block_cache_key oft_asked = key_of(0);
		struct opened_block *opened =
			block_cache_put(cache, &key, open_block());

		block_cache_release(cache, &opened);
		assert_true(block_cache_stats(cache).bytes <=
			    each * (size_t)(BLOCKS / 2));
		opened = block_cache_get(cache, &oft_asked);
		assert_non_null(opened);
		block_cache_release(cache, &opened);
	}
	assert_true(block_cache_stats(cache).evicted >= BLOCKS / 2);
	/* what is held outlives its place, and grows as it is read */
	held = block_cache_put(cache, &(struct block_cache_key){ 2, 1, 1, 1, false },
			       open_block());
	for (int64_t i = BLOCKS; i < 3 * BLOCKS; i++) {
		struct block_cache_key key = key_of(i);
		struct opened_block *opened =
			block_cache_put(cache, &key, open_block());

		block_cache_release(cache, &opened);
	}
	for (uint32_t row = 0; row < EVENTS; row++)
		read_event(held, row);
	assert_true(atomic_load(&held->bytes) + 256 > each + encoded.raw_bytes);
	block_cache_release(cache, &held);
	block_cache_free(&cache);
}

static void test_nothing_is_kept_without_room(void **state)
{
	struct block_cache *cache = block_cache_new(0);
	struct block_cache_key key = key_of(1);
	struct opened_block *opened = block_cache_put(cache, &key, open_block());

	(void)state;
	read_event(opened, 17);
	assert_null(block_cache_get(cache, &key));
	block_cache_release(cache, &opened);
	assert_int_equal(block_cache_stats(cache).bytes, 0);
	block_cache_free(&cache);
}

static void *reader_main(void *context)
{
	struct block_cache *cache = context;

	for (uint32_t round = 0; round < 200; round++) {
		struct block_cache_key key = key_of(round % 7);
		struct opened_block *opened = block_cache_get(cache, &key);

		if (opened == NULL)
			opened = block_cache_put(cache, &key, open_block());
		for (uint32_t i = 0; i < 40; i++)
			read_event(opened, (round * 131 + i * 617) % EVENTS);
		block_cache_release(cache, &opened);
	}
	return NULL;
}

/* with less room than they use, so that blocks come and go under them */
static void test_readers_share(void **state)
{
	struct block_cache *cache = block_cache_new((size_t)2 << 20);
	pthread_t threads[READERS];

	(void)state;
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader_main, cache),
				 0);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(block_cache_stats(cache).evicted > 0);
	assert_true(block_cache_stats(cache).bytes <= (size_t)2 << 20);
	block_cache_free(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_shared),
		cmocka_unit_test(test_the_oldest_make_room),
		cmocka_unit_test(test_nothing_is_kept_without_room),
		cmocka_unit_test(test_readers_share),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
