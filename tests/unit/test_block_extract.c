/* test_block_extract.c - rare events are all events of the templates that are not
 * frequent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/block_extract.h"
#include "random_events.h"

#define EVENTS 4000
/* templates that most events have, and as many that few have */
#define FREQUENT 20
#define KEYS_MAX 600
#define HOSTS 5

/* as hashes are: they differ in all bits */
static uint64_t key_of(uint64_t number)
{
	return (number + 1) * 0x9e3779b97f4a7c15u;
}

static void set_keys(struct events *events, size_t rare_keys)
{
	for (size_t i = 0; i < events->count; i++) {
		bool rare = rare_keys > 0 && random_below(40) == 0;

		events->items[i].template_key =
			key_of(rare ? FREQUENT + random_below(rare_keys)
				    : random_below(FREQUENT));
	}
}

static void set_hosts(struct events *events, unsigned hosts)
{
	static char names[BLOCK_HOSTS_MAX + 1][8];

	for (size_t i = 0; i < events->count; i++) {
		unsigned host = (unsigned)random_below(hosts + 1);

		if (host == hosts) {
			events->items[i].host_name = slice_of(NULL, 0);
			continue;
		}
		(void)snprintf(names[host], sizeof(names[host]), "h%u", host);
		events->items[i].host_name = slice_str(names[host]);
	}
}

static void encode(const struct events *events, struct block_encoded *out)
{
	struct block_builder *builder = block_builder_new(1);
	struct block_extractor *extractor = block_extractor_new();

	for (size_t i = 0; i < events->count; i++)
		assert_true(block_builder_add(builder, &events->items[i]));
	block_extractor_seal(extractor, builder, out);
	assert_int_equal(out->count, events->count);
	block_extractor_free(&extractor);
	block_builder_free(&builder);
}

static void assert_text(struct slice a, struct slice b)
{
	assert_int_equal(a.ptr == NULL, b.ptr == NULL);
	assert_int_equal(slice_compare(a, b), 0);
}

static void assert_event(const struct block_event *a, const struct block_event *b)
{
	assert_int_equal(a->timestamp_us, b->timestamp_us);
	assert_int_equal(a->observed_timestamp_us, b->observed_timestamp_us);
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->format, b->format);
	assert_int_equal(a->template_key, b->template_key);
	assert_int_equal(a->fingerprint, b->fingerprint);
	assert_text(a->service_name, b->service_name);
	assert_text(a->host_name, b->host_name);
	assert_int_equal(slice_compare(a->raw, b->raw), 0);
	assert_int_equal(slice_compare(a->extra, b->extra), 0);
}

/* the rare events are those, and in that order, whose template is not frequent */
static void assert_rare(const struct events *events,
			const struct block_encoded *encoded)
{
	struct block_rare rare = { 0 };
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	uint32_t next = 0;

	assert_int_equal(block_rare_open(buf_slice(&encoded->rare), &rare, &error), 0);
	assert_int_equal(block_reader_open(rare.meta, &reader, &error), 0);
	assert_int_equal(block_reader_count(reader), rare.count);
	for (uint32_t i = 0; i < events->count; i++) {
		struct block_event event = { 0 };

		if (block_rare_is_frequent(&rare, events->items[i].template_key))
			continue;
		assert_true(next < rare.count);
		assert_int_equal(block_rare_row(&rare, next), i);
		block_reader_columns(reader, next, &event);
		assert_int_equal(
			block_reader_raw(reader, rare.body, next, &event, &error), 0);
		assert_event(&event, &events->items[i]);
		next++;
	}
	assert_int_equal(next, rare.count);
	assert_true(rare.count > 0 && rare.count <= events->count / 16);
	block_reader_free(&reader);
}

static void test_rare_events(void **state)
{
	(void)state;
	/* few events each; some have more than the limit; one event each */
	static const size_t rare_keys[] = { 100, 30, KEYS_MAX };

	for (size_t i = 0; i < ARRAY_LEN(rare_keys); i++) {
		struct events events = events_new(EVENTS, 60);
		struct block_encoded encoded = { 0 };

		set_keys(&events, rare_keys[i]);
		encode(&events, &encoded);
		assert_rare(&events, &encoded);
		block_encoded_deinit(&encoded);
		events_free(&events);
	}
}

static void test_nothing_rare(void **state)
{
	(void)state;
	static const struct {
		size_t events;
		size_t rare_keys;
	} cases[] = { { EVENTS, 0 }, { BLOCK_RARE_BLOCK_MIN - 1, KEYS_MAX } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct events events = events_new(cases[i].events, 60);
		struct block_encoded encoded = { 0 };

		set_keys(&events, cases[i].rare_keys);
		encode(&events, &encoded);
		assert_int_equal(encoded.rare.len, 0);
		block_encoded_deinit(&encoded);
		events_free(&events);
	}
}

/* when all events are rare, one in 16 at most is stored twice */
static void test_all_rare(void **state)
{
	(void)state;
	struct events events = events_new(EVENTS, 60);
	struct block_encoded encoded = { 0 };

	for (size_t i = 0; i < events.count; i++)
		events.items[i].template_key = key_of(i);
	encode(&events, &encoded);
	assert_int_equal(encoded.rare.len, 0);
	block_encoded_deinit(&encoded);
	events_free(&events);
}

static void test_damage(void **state)
{
	(void)state;
	struct events events = events_new(EVENTS, 60);
	struct block_encoded encoded = { 0 };
	struct block_rare rare = { 0 };
	struct error error = { 0 };
	size_t checked = 0;

	set_keys(&events, 100);
	encode(&events, &encoded);
	assert_int_equal(block_rare_open(buf_slice(&encoded.rare), &rare, &error), 0);
	checked = (size_t)(rare.meta.ptr - encoded.rare.data);
	for (size_t i = 0; i < checked; i++) {
		encoded.rare.data[i] ^= 0x10;
		assert_int_equal(
			block_rare_open(buf_slice(&encoded.rare), &rare, &error), -1);
		encoded.rare.data[i] ^= 0x10;
		assert_int_equal(
			block_rare_open(slice_head(buf_slice(&encoded.rare), i), &rare,
					&error),
			-1);
	}
	block_encoded_deinit(&encoded);
	events_free(&events);
}

static void test_hosts(void **state)
{
	(void)state;
	static const unsigned hosts[] = { 1, HOSTS, BLOCK_HOSTS_MAX };

	for (size_t n = 0; n < ARRAY_LEN(hosts); n++) {
		struct events events = events_new(EVENTS, 10);
		struct block_encoded encoded = { 0 };

		set_hosts(&events, hosts[n]);
		encode(&events, &encoded);
		assert_int_equal(encoded.hosts_count, hosts[n]);
		for (size_t h = 0; h < encoded.hosts_count; h++) {
			const struct block_host *host = &encoded.hosts[h];
			struct slice name = slice_of(
				encoded.host_names.data + host->offset, host->len);
			uint32_t count = 0;

			for (size_t i = 0; i < events.count; i++)
				count += slice_compare(events.items[i].host_name,
						       name) == 0;
			assert_int_equal(host->count, count);
		}
		block_encoded_deinit(&encoded);
		events_free(&events);
	}
}

static void test_too_many_hosts(void **state)
{
	(void)state;
	struct events events = events_new(EVENTS, 10);
	struct block_encoded encoded = { 0 };

	set_hosts(&events, BLOCK_HOSTS_MAX + 1);
	encode(&events, &encoded);
	assert_null(encoded.hosts);
	block_encoded_deinit(&encoded);
	events_free(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rare_events),
		cmocka_unit_test(test_nothing_rare),
		cmocka_unit_test(test_all_rare),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_too_many_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
