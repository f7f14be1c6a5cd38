/* test_block_merge.c - one block of neighbours holds what they held */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/block_merge.h"
#include "random_events.h"
#include "stored_block.h"

#define BLOCKS 9
#define EVENTS 90

static void encode(const struct events *events, size_t from, size_t count,
		   struct block_encoded *out)
{
	struct block_builder *builder = block_builder_new(1);

	for (size_t i = from; i < from + count; i++)
		assert_true(block_builder_add(builder, &events->items[i]));
	block_builder_seal(builder, out);
	block_builder_free(&builder);
}

static struct block_stored stored(const struct block_encoded *encoded)
{
	return (struct block_stored){ .meta = buf_slice(&encoded->meta),
				      .body = buf_slice(&encoded->body) };
}

static void assert_slice(struct slice a, struct slice b)
{
	assert_int_equal(a.ptr == NULL, b.ptr == NULL);
	assert_true(slice_equal(a, b));
}

static void assert_event(struct block_reader *reader, struct slice body, uint32_t row,
			 const struct block_event *wanted)
{
	struct block_event event = { 0 };
	struct error error = { 0 };

	block_reader_columns(reader, row, &event);
	if (block_reader_raw(reader, body, row, &event, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(event.timestamp_us, wanted->timestamp_us);
	assert_int_equal(event.observed_timestamp_us, wanted->observed_timestamp_us);
	assert_int_equal(event.severity, wanted->severity);
	assert_int_equal(event.format, wanted->format);
	assert_int_equal(event.fingerprint, wanted->fingerprint);
	assert_int_equal(event.template_key, wanted->template_key);
	assert_slice(event.service_name, wanted->service_name);
	assert_slice(event.host_name, wanted->host_name);
	assert_true(slice_equal(event.raw, wanted->raw));
	assert_true(slice_equal(event.extra, wanted->extra));
}

static void assert_same(const struct block_encoded *a, const struct block_encoded *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->timestamp_min_us, b->timestamp_min_us);
	assert_int_equal(a->timestamp_max_us, b->timestamp_max_us);
	assert_int_equal(a->without_timestamp, b->without_timestamp);
	assert_int_equal(a->raw_bytes, b->raw_bytes);
	assert_memory_equal(a->severities, b->severities, sizeof(a->severities));
	assert_int_equal(a->template_keys_count, b->template_keys_count);
	assert_memory_equal(a->template_keys, b->template_keys,
			    a->template_keys_count * sizeof(*a->template_keys));
}

static void holds_every_event(void **state)
{
	struct events events = events_new(EVENTS, 300);
	struct block_encoded parts[BLOCKS] = { 0 };
	struct block_stored sources[BLOCKS];
	struct block_encoded merged = { 0 };
	struct block_encoded whole = { 0 };
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	size_t from = 0;

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) {
		size_t count = i + 1 == BLOCKS ? EVENTS - from : 1 + i * 2;

		encode(&events, from, count, &parts[i]);
		sources[i] = stored(&parts[i]);
		from += count;
	}
	if (block_merge(sources, BLOCKS, 3, &merged, &error) < 0)
		fail_msg("%s", error.text);
	encode(&events, 0, EVENTS, &whole);
	assert_same(&merged, &whole);
	assert_int_equal(block_reader_open(buf_slice(&merged.meta), &reader, &error),
			 0);
	for (uint32_t i = 0; i < EVENTS; i++)
		assert_event(reader, buf_slice(&merged.body), i, &events.items[i]);
	block_reader_free(&reader);
	for (size_t i = 0; i < BLOCKS; i++)
		block_encoded_deinit(&parts[i]);
	block_encoded_deinit(&merged);
	block_encoded_deinit(&whole);
	events_free(&events);
}

/* the compactor meets blocks of every version that was ever written */
static void holds_events_of_other_versions(void **state)
{
	struct events events = events_new(EVENTS, 300);
	struct block_encoded part = { 0 };
	struct block_encoded merged = { 0 };
	struct block_stored sources[2] = {
		{ .meta = { stored_meta_1, sizeof(stored_meta_1) - 1 },
		  .body = { stored_body_1, sizeof(stored_body_1) - 1 } },
	};
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	uint32_t before = ARRAY_LEN(stored_events_1);

	(void)state;
	encode(&events, 0, EVENTS, &part);
	sources[1] = stored(&part);
	if (block_merge(sources, 2, 1, &merged, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(block_reader_open(buf_slice(&merged.meta), &reader, &error),
			 0);
	for (uint32_t i = 0; i < before; i++)
		assert_event(reader, buf_slice(&merged.body), i, &stored_events_1[i]);
	for (uint32_t i = 0; i < EVENTS; i++)
		assert_event(reader, buf_slice(&merged.body), before + i,
			     &events.items[i]);
	block_reader_free(&reader);
	block_encoded_deinit(&part);
	block_encoded_deinit(&merged);
	events_free(&events);
}

/* what does not stay keeps its place and says nothing */
static void empties_events(void **state)
{
	struct events events = events_new(EVENTS, 300);
	struct block_encoded whole = { 0 };
	struct block_encoded cleared = { 0 };
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	bool stays[EVENTS];
	size_t left = 0;

	(void)state;
	for (size_t i = 0; i < EVENTS; i++) {
		stays[i] = i % 5 < 3;
		left += stays[i] ? events.items[i].raw.len : 0;
	}
	encode(&events, 0, EVENTS, &whole);
	struct block_stored source = stored(&whole);

	source.stays = stays;
	if (block_merge(&source, 1, 1, &cleared, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(cleared.count, EVENTS);
	assert_int_equal(cleared.raw_bytes, left);
	assert_int_equal(block_reader_open(buf_slice(&cleared.meta), &reader, &error),
			 0);
	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct block_event nothing = {
			.timestamp_us = TIMESTAMP_NONE,
			.observed_timestamp_us = events.items[i].observed_timestamp_us,
		};

		assert_event(reader, buf_slice(&cleared.body), i,
			     stays[i] ? &events.items[i] : &nothing);
	}
	block_reader_free(&reader);
	block_encoded_deinit(&whole);
	block_encoded_deinit(&cleared);
	events_free(&events);
}

static void refuses(void **state)
{
	struct events events = events_new(BLOCK_EVENTS_MAX, 4);
	struct block_encoded full = { 0 };
	struct block_encoded one = { 0 };
	struct block_encoded merged = { 0 };
	struct block_stored sources[2];
	struct error error = { 0 };

	(void)state;
	encode(&events, 0, BLOCK_EVENTS_MAX, &full);
	encode(&events, 0, 1, &one);
	sources[0] = stored(&full);
	sources[1] = stored(&one);
	assert_int_equal(block_merge(sources, 0, 1, &merged, &error), -1);
	assert_int_equal(block_merge(sources, 2, 1, &merged, &error), -1);
	/* a body that is not the meta's */
	sources[0].body = buf_slice(&one.body);
	assert_int_equal(block_merge(sources, 1, 1, &merged, &error), -1);
	sources[1].meta = slice_head(sources[1].meta, sources[1].meta.len - 1);
	assert_int_equal(block_merge(&sources[1], 1, 1, &merged, &error), -1);
	assert_null(merged.template_keys);
	block_encoded_deinit(&full);
	block_encoded_deinit(&one);
	events_free(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_every_event),
		cmocka_unit_test(holds_events_of_other_versions),
		cmocka_unit_test(empties_events),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
