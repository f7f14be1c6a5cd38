/* test_block.c - blocks give back what was put in, and survive every damage */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block.h"
#include "random_events.h"
#include "stored_block.h"

/* puts in all that fits; how many that were */
static size_t encode(const struct events *events, bool words, struct block_encoded *out)
{
	struct block_builder *builder = block_builder_new(1);
	size_t added = 0;

	block_builder_set_words(builder, words);
	while (added < events->count &&
	       block_builder_add(builder, &events->items[added]))
		added++;
	assert_int_equal(block_builder_count(builder), added);
	block_builder_seal(builder, out);
	assert_int_equal(block_builder_count(builder), 0);
	assert_int_equal(block_builder_bytes(builder), 0);
	block_builder_free(&builder);
	return added;
}

static void assert_same_text(struct slice got, struct slice wanted)
{
	if (wanted.ptr == NULL) {
		assert_null(got.ptr);
		return;
	}
	assert_non_null(got.ptr);
	assert_int_equal(got.len, wanted.len);
	if (got.ptr != NULL) /* the analyser does not know that asserts end the test */
		assert_memory_equal(got.ptr, wanted.ptr, wanted.len);
}

static void assert_same_event(const struct block_event *got,
			      const struct block_event *wanted)
{
	assert_int_equal(got->timestamp_us, wanted->timestamp_us);
	assert_int_equal(got->observed_timestamp_us, wanted->observed_timestamp_us);
	assert_int_equal(got->severity, wanted->severity);
	assert_int_equal(got->format, wanted->format);
	assert_int_equal(got->fingerprint, wanted->fingerprint);
	assert_int_equal(got->template_key, wanted->template_key);
	assert_same_text(got->service_name, wanted->service_name);
	assert_same_text(got->host_name, wanted->host_name);
	assert_int_equal(got->raw.len, wanted->raw.len);
	assert_int_equal(got->extra.len, wanted->extra.len);
	if (wanted->raw.len > 0)
		assert_same_text(got->raw, wanted->raw);
	if (wanted->extra.len > 0)
		assert_same_text(got->extra, wanted->extra);
}

static void assert_decodes_to(const struct block_encoded *encoded,
			      const struct events *events)
{
	struct block_reader *reader = NULL;
	struct error error = { 0 };

	if (block_reader_open(buf_slice(&encoded->meta), &reader, &error) < 0) {
		fail_msg("%s", error.text);
		return;
	}
	assert_int_equal(block_reader_count(reader), encoded->count);
	for (uint32_t i = 0; i < encoded->count && i < events->count; i++) {
		struct block_event got = { 0 };

		block_reader_columns(reader, i, &got);
		if (block_reader_raw(reader, buf_slice(&encoded->body), i, &got,
				     &error) < 0)
			fail_msg("event %u: %s", i, error.text);
		assert_same_event(&got, &events->items[i]);
	}
	block_reader_free(&reader);
	assert_null(reader);
}

static void test_round_trip(void **state)
{
	static const struct {
		size_t count;
		size_t raw_max;
	} cases[] = { { 1, 0 },     { 1, 50 },     { 2, 5 },
		      { 127, 200 }, { 128, 100 },  { 129, 100 },
		      { 1000, 0 },  { 900, 3000 }, { BLOCK_EVENTS_MAX, 20 } };

	(void)state;
	random_state = 1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct events events = events_new(cases[i].count, cases[i].raw_max);
		struct block_encoded encoded = { 0 };

		assert_int_equal(encode(&events, true, &encoded), cases[i].count);
		assert_decodes_to(&encoded, &events);
		block_encoded_deinit(&encoded);
		events_free(&events);
	}
}

static void assert_stored(struct slice meta, struct slice body,
			  const struct block_event *wanted, size_t count)
{
	struct block_reader *reader = NULL;
	struct error error = { 0 };

	assert_int_equal(block_reader_open(meta, &reader, &error), 0);
	assert_int_equal(block_reader_count(reader), count);
	for (uint32_t i = 0; i < count; i++) {
		struct block_event got = { 0 };

		block_reader_columns(reader, i, &got);
		assert_int_equal(block_reader_raw(reader, body, i, &got, &error), 0);
		assert_same_event(&got, &wanted[i]);
	}
	block_reader_free(&reader);
}

static void test_reads_stored_version_1(void **state)
{
	(void)state;
	assert_stored(slice_of(stored_meta_1, sizeof(stored_meta_1) - 1),
		      slice_of(stored_body_1, sizeof(stored_body_1) - 1),
		      stored_events_1, ARRAY_LEN(stored_events_1));
}

static void test_reads_stored_version_2(void **state)
{
	struct block_event wanted[ARRAY_LEN(stored_events_2)];
	char *large = mem_alloc(STORED_LARGE_BYTES);

	(void)state;
	memset(large, 'x', STORED_LARGE_BYTES);
	memcpy(wanted, stored_events_2, sizeof(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (wanted[i].raw.ptr == NULL)
			wanted[i].raw.ptr = large;
	assert_stored(slice_of(stored_meta_2, sizeof(stored_meta_2) - 1),
		      slice_of(stored_body_2, sizeof(stored_body_2) - 1), wanted,
		      ARRAY_LEN(wanted));
	mem_free(large);
}

static void test_summary(void **state)
{
	struct block_event items[] = {
		{ .timestamp_us = 50, .severity = SEVERITY_ERROR, .template_key = 9 },
		{ .timestamp_us = TIMESTAMP_NONE, .template_key = UINT64_MAX },
		{ .timestamp_us = -7, .severity = SEVERITY_ERROR, .template_key = 9 },
	};
	struct events events = { .items = items, .count = 3 };
	struct block_encoded encoded = { 0 };

	(void)state;
	items[1].raw = SLICE("abcd");
	(void)encode(&events, false, &encoded); /* all fit */
	assert_int_equal(encoded.count, 3);
	assert_int_equal(encoded.timestamp_min_us, -7);
	assert_int_equal(encoded.timestamp_max_us, 50);
	assert_int_equal(encoded.without_timestamp, 1);
	assert_int_equal(encoded.severities[SEVERITY_ERROR], 2);
	assert_int_equal(encoded.severities[SEVERITY_NONE], 1);
	assert_int_equal(encoded.template_keys_count, 2);
	assert_int_equal(encoded.template_keys[0], 9);
	assert_true(encoded.template_keys[1] == UINT64_MAX);
	assert_int_equal(encoded.raw_bytes, 4);
	assert_int_equal(encoded.words.len, 0);
	block_encoded_deinit(&encoded);
}

static void test_limits(void **state)
{
	struct block_builder *builder = block_builder_new(1);
	size_t huge_len = BLOCK_BYTES_MAX + 12345;
	char *huge = mem_calloc(huge_len, 1);
	struct block_event big = { .raw = { huge, huge_len } };
	struct block_event half = { .raw = { huge, BLOCK_BYTES_MAX / 2 } };
	struct events events = { .items = &big, .count = 1 };
	struct block_encoded encoded = { 0 };

	(void)state;
	memset(huge, 'x', huge_len);
	assert_true(block_builder_add(builder, &big));
	assert_false(block_builder_add(builder, &(struct block_event){ 0 }));
	block_builder_seal(builder, &encoded);
	assert_decodes_to(&encoded, &events);
	block_encoded_deinit(&encoded);

	assert_true(block_builder_add(builder, &half));
	assert_true(block_builder_add(builder, &half));
	assert_false(
		block_builder_add(builder, &(struct block_event){ .raw = SLICE("x") }));
	block_builder_seal(builder, &encoded);
	block_encoded_deinit(&encoded);

	for (unsigned i = 0; i < BLOCK_EVENTS_MAX; i++)
		assert_true(block_builder_add(builder, &(struct block_event){ 0 }));
	assert_false(block_builder_add(builder, &(struct block_event){ 0 }));
	block_builder_seal(builder, &encoded);
	events.items = mem_calloc(BLOCK_EVENTS_MAX, sizeof(*events.items));
	events.count = BLOCK_EVENTS_MAX;
	assert_decodes_to(&encoded, &events);
	mem_free(events.items);
	block_encoded_deinit(&encoded);
	block_builder_free(&builder);
	mem_free(huge);
}

static void test_single_frames(void **state)
{
	struct events events = { 0 };
	struct block_encoded encoded = { 0 };
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	uint32_t next = 0;
	size_t offset = 0;

	(void)state;
	random_state = 2;
	events = events_new(4000, 400);
	(void)encode(&events, false, &encoded); /* all fit */
	assert_int_equal(block_reader_open(buf_slice(&encoded.meta), &reader, &error),
			 0);
	assert_true(block_reader_frame_count(reader) >= 3);
	for (uint32_t i = 0; i < block_reader_frame_count(reader); i++) {
		struct block_event got = { 0 };
		struct block_frame frame = { 0 };
		struct block_part part = { 0 };

		block_reader_frame(reader, i, &frame);
		assert_int_equal(frame.first, next);
		assert_int_equal(frame.offset, offset);
		part = (struct block_part){
			.bytes = { encoded.body.data + offset, frame.len },
			.offset = frame.offset,
		};
		next = frame.first + frame.count;
		offset = frame.offset + frame.len;
		block_reader_columns(reader, next - 1, &got);
		assert_int_equal(block_reader_frame_of(reader, next - 1), i);
		assert_int_equal(
			block_reader_raw_part(reader, &part, next - 1, &got, &error),
			0);
		assert_same_event(&got, &events.items[next - 1]);
		if (next < events.count) /* of a frame that is not at hand */
			assert_int_equal(block_reader_raw_part(reader, &part, next,
							       &got, &error),
					 -1);
	}
	assert_int_equal(next, events.count);
	assert_int_equal(offset, encoded.body.len);
	block_reader_free(&reader);
	block_encoded_deinit(&encoded);
	events_free(&events);
}

/* what was put together for one event must not change what comes of another */
static void test_any_order(void **state)
{
	struct events events = { 0 };
	struct block_encoded encoded = { 0 };
	struct block_reader *reader = NULL;
	struct error error = { 0 };

	(void)state;
	random_state = 5;
	events = events_new(5000, 60);
	(void)encode(&events, false, &encoded); /* all fit */
	assert_int_equal(block_reader_open(buf_slice(&encoded.meta), &reader, &error),
			 0);
	assert_true(block_reader_frame_count(reader) > 1);
	for (unsigned i = 0; i < 300; i++) {
		uint32_t row = (uint32_t)random_below(events.count);
		struct block_event got = { 0 };

		block_reader_columns(reader, row, &got);
		assert_int_equal(block_reader_raw(reader, buf_slice(&encoded.body), row,
						  &got, &error),
				 0);
		assert_same_event(&got, &events.items[row]);
	}
	block_reader_free(&reader);
	block_encoded_deinit(&encoded);
	events_free(&events);
}

/* reads all there is; true when nothing was reported */
static bool reads_clean(struct slice meta, struct slice body)
{
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	bool clean = true;

	if (block_reader_open(meta, &reader, &error) < 0) {
		assert_null(reader);
		assert_true(error.text[0] != '\0');
		return false;
	}
	for (uint32_t i = 0; i < block_reader_count(reader) && clean; i++) {
		struct block_event got = { 0 };

		block_reader_columns(reader, i, &got);
		clean = block_reader_raw(reader, body, i, &got, &error) == 0;
	}
	block_reader_free(&reader);
	return clean;
}

/* a copy in memory of exactly that size, so that a sanitizer sees a byte too far */
static char *tight(const struct buf *buf, size_t len)
{
	char *copy = mem_alloc(len);

	memcpy(copy, buf->data, len);
	return copy;
}

static void assert_each_flip_is_reported(const struct block_encoded *encoded,
					 struct buf *part)
{
	for (size_t i = 0; i < part->len; i++) {
		char before = part->data[i];

		part->data[i] = (char)(before + 1 + (char)random_below(254));
		assert_false(reads_clean(buf_slice(&encoded->meta),
					 buf_slice(&encoded->body)));
		part->data[i] = before;
	}
}

static void test_damage_is_reported(void **state)
{
	struct events events = { 0 };
	struct block_encoded encoded = { 0 };

	(void)state;
	random_state = 3;
	events = events_new(150, 20);
	(void)encode(&events, true, &encoded); /* all fit */
	assert_true(reads_clean(buf_slice(&encoded.meta), buf_slice(&encoded.body)));
	for (size_t len = 0; len < encoded.meta.len; len++) {
		char *cut = tight(&encoded.meta, len);

		assert_false(reads_clean(slice_of(cut, len), buf_slice(&encoded.body)));
		mem_free(cut);
	}
	for (size_t len = 0; len < encoded.body.len; len++) {
		char *cut = tight(&encoded.body, len);

		assert_false(reads_clean(buf_slice(&encoded.meta), slice_of(cut, len)));
		mem_free(cut);
	}
	assert_each_flip_is_reported(&encoded, &encoded.meta);
	assert_each_flip_is_reported(&encoded, &encoded.body);
	block_encoded_deinit(&encoded);
	events_free(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reads_stored_version_1),
		cmocka_unit_test(test_reads_stored_version_2),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_single_frames),
		cmocka_unit_test(test_damage_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
