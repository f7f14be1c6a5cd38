/* block_build.c - encodes events into columns and compressed frames
 *
 * Texts are copied behind each other as they come, columns are arrays of codes; seal
 * packs both.
 *
 *   texts  [ raw 0 | extra 0 | raw 1 | extra 1 | ... ]
 */
#include "pipeline/block.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_body.h"
#include "pipeline/block_builder.h"
#include "pipeline/block_format.h"
#include "pipeline/block_words.h"

#define VARINT32_BYTES_MAX 5
#define VARINT64_BYTES_MAX 10

struct block_builder *block_builder_new(int zstd_level)
{
	struct block_builder *builder = mem_calloc(1, sizeof(*builder));

	builder->body = block_body_new(zstd_level);
	builder->words = block_words_new();
	/* never NULL, so that places in them are defined even when all texts are empty
	 */
	buf_reserve(&builder->texts, BLOCK_FRAME_BYTES);
	block_dictionary_init(&builder->services);
	block_dictionary_init(&builder->hosts);
	return builder;
}

void block_builder_free(struct block_builder **builder_ptr)
{
	struct block_builder *builder = *builder_ptr;

	if (builder == NULL)
		return;
	block_body_free(&builder->body);
	block_words_free(&builder->words);
	buf_deinit(&builder->texts);
	buf_deinit(&builder->columns);
	block_dictionary_deinit(&builder->services);
	block_dictionary_deinit(&builder->hosts);
	block_dictionary_deinit(&builder->templates);
	block_dictionary_deinit(&builder->fingerprints);
	mem_free(builder);
	*builder_ptr = NULL;
}

void block_builder_set_words(struct block_builder *builder, bool on)
{
	assert(builder->count == 0);
	if (!on)
		block_words_free(&builder->words);
	else if (builder->words == NULL)
		builder->words = block_words_new();
}

uint32_t block_builder_count(const struct block_builder *builder)
{
	return builder->count;
}

size_t block_builder_bytes(const struct block_builder *builder)
{
	return builder->texts.len + builder->services.bytes.len +
	       builder->hosts.bytes.len;
}

static void add_columns(struct block_builder *builder, const struct block_event *event,
			struct block_codes *codes)
{
	uint32_t at = builder->count;
	uint32_t before = at == 0 ? 0 : at - 1; /* codes start out as 0 */

	builder->timestamps[at] = event->timestamp_us;
	builder->observed[at] = event->observed_timestamp_us;
	builder->severities[at] = (uint8_t)event->severity;
	builder->formats[at] = event->format;
	builder->raw_lengths[at] = (uint32_t)event->raw.len;
	builder->extra_lengths[at] = (uint32_t)event->extra.len;
	if (at == 0)
		builder->service_codes[0] = builder->host_codes[0] = 0;
	builder->service_codes[at] =
		block_dictionary_optional(&builder->services, event->service_name,
					  builder->service_codes[before]);
	builder->host_codes[at] = block_dictionary_optional(
		&builder->hosts, event->host_name, builder->host_codes[before]);
	codes->template_key = block_dictionary_number(
		&builder->templates, event->template_key, codes->template_key);
	builder->template_codes[at] = codes->template_key;
	builder->fingerprint_codes[at] = 0;
	if (event->fingerprint == event->template_key)
		return;
	codes->fingerprint = block_dictionary_number(
		&builder->fingerprints, event->fingerprint, codes->fingerprint);
	builder->fingerprint_codes[at] = codes->fingerprint + 1;
}

bool block_builder_add(struct block_builder *builder, const struct block_event *event)
{
	struct block_codes codes = { 0 };

	return block_builder_guess(builder, event, &codes);
}

bool block_builder_guess(struct block_builder *builder, const struct block_event *event,
			 struct block_codes *codes)
{
	size_t bytes = event->raw.len + event->extra.len + event->service_name.len +
		       event->host_name.len;

	assert(bytes <= BLOCK_EVENT_BYTES_MAX);
	assert((unsigned)event->severity < SEVERITY_COUNT);
	if (builder->count == BLOCK_EVENTS_MAX)
		return false;
	if (builder->count > 0 &&
	    block_builder_bytes(builder) + bytes > BLOCK_BYTES_MAX)
		return false;
	add_columns(builder, event, codes);
	buf_append_slice(&builder->texts, event->raw);
	buf_append_slice(&builder->texts, event->extra);
	builder->places[++builder->count] = builder->texts.len;
	return true;
}

struct slice block_builder_raw(const struct block_builder *builder, uint32_t row)
{
	assert(row < builder->count);
	return slice_of(builder->texts.data + builder->places[row],
			builder->raw_lengths[row]);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void summarize(struct block_builder *builder, struct block_encoded *out)
{
	size_t keys_bytes = builder->templates.count * sizeof(*out->template_keys);

	*out = (struct block_encoded){
		.count = builder->count,
		.timestamp_min_us = TIMESTAMP_NONE,
		.timestamp_max_us = TIMESTAMP_NONE,
		.template_keys = mem_alloc(keys_bytes),
		.template_keys_count = builder->templates.count,
	};
	memcpy(out->template_keys, builder->templates.numbers, keys_bytes);
	qsort(out->template_keys, out->template_keys_count, sizeof(*out->template_keys),
	      compare_numbers);
	for (uint32_t i = 0; i < builder->count; i++) {
		int64_t timestamp = builder->timestamps[i];

		out->severities[builder->severities[i]]++;
		out->raw_bytes += builder->raw_lengths[i];
		if (timestamp == TIMESTAMP_NONE) {
			out->without_timestamp++;
			continue;
		}
		if (out->timestamp_min_us == TIMESTAMP_NONE ||
		    timestamp < out->timestamp_min_us)
			out->timestamp_min_us = timestamp;
		if (timestamp > out->timestamp_max_us)
			out->timestamp_max_us = timestamp;
	}
}

/* LEB128 into room that is there; the place behind it */
static char *write_varint(char *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (char)(value | 0x80);
		value >>= 7;
	}
	*at++ = (char)value;
	return at;
}

static void put_codes(struct buf *out, const uint32_t *codes, uint32_t count)
{
	char *at = NULL;

	buf_reserve(out, (size_t)count * VARINT32_BYTES_MAX);
	at = out->data + out->len;
	for (uint32_t i = 0; i < count; i++)
		at = write_varint(at, codes[i]);
	out->len = (size_t)(at - out->data);
}

static void put_texts(struct buf *out, const struct block_dictionary *dictionary)
{
	buf_append_varint(out, dictionary->count);
	for (uint32_t i = 0; i < dictionary->count; i++) {
		struct slice text = block_dictionary_text(dictionary, i);

		buf_append_varint(out, text.len);
		buf_append_slice(out, text);
	}
}

static void put_numbers(struct buf *out, const struct block_dictionary *dictionary)
{
	buf_append_varint(out, dictionary->count);
	for (uint32_t i = 0; i < dictionary->count; i++)
		buf_append_u64(out, dictionary->numbers[i]);
}

static void put_kinds(struct buf *out, const struct block_builder *builder)
{
	for (uint32_t i = 0; i < builder->count; i++) {
		uint8_t kind = builder->severities[i];

		if (builder->timestamps[i] == TIMESTAMP_NONE)
			kind |= BLOCK_KIND_NO_TIMESTAMP;
		buf_append_char(out, (char)kind);
	}
}

static void put_times(struct buf *out, const int64_t *times, uint32_t count, bool all)
{
	uint64_t previous = 0;
	char *at = NULL;

	buf_reserve(out, (size_t)count * VARINT64_BYTES_MAX);
	at = out->data + out->len;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t time = (uint64_t)times[i];

		if (!all && times[i] == TIMESTAMP_NONE)
			continue;
		at = write_varint(at, zigzag_encode(time - previous));
		previous = time;
	}
	out->len = (size_t)(at - out->data);
}

static void put_column(const struct block_builder *builder, enum block_column column,
		       struct buf *out)
{
	uint32_t count = builder->count;

	switch (column) {
	case BLOCK_COLUMN_KINDS:
		put_kinds(out, builder);
		break;
	case BLOCK_COLUMN_FORMATS:
		buf_append(out, builder->formats, count);
		break;
	case BLOCK_COLUMN_TIMESTAMPS:
		put_times(out, builder->timestamps, count, false);
		break;
	case BLOCK_COLUMN_OBSERVED:
		put_times(out, builder->observed, count, true);
		break;
	case BLOCK_COLUMN_SERVICES:
		put_texts(out, &builder->services);
		put_codes(out, builder->service_codes, count);
		break;
	case BLOCK_COLUMN_HOSTS:
		put_texts(out, &builder->hosts);
		put_codes(out, builder->host_codes, count);
		break;
	case BLOCK_COLUMN_TEMPLATES:
		put_numbers(out, &builder->templates);
		put_codes(out, builder->template_codes, count);
		break;
	case BLOCK_COLUMN_FINGERPRINTS:
		put_numbers(out, &builder->fingerprints);
		put_codes(out, builder->fingerprint_codes, count);
		break;
	case BLOCK_COLUMN_RAW_LENGTHS:
		put_codes(out, builder->raw_lengths, count);
		break;
	case BLOCK_COLUMN_EXTRA_LENGTHS:
		put_codes(out, builder->extra_lengths, count);
		break;
	case BLOCK_COLUMN_BASES: /* appended by the caller, who has them */
	case BLOCK_COLUMN_FRAMES:
	case BLOCK_COLUMN_COUNT:
		break;
	}
}

/* the columns behind each other; their lengths come last, where they are known */
static void build_columns(struct block_builder *builder,
			  const struct block_packed *packed)
{
	struct buf *out = &builder->columns;
	uint64_t lengths[BLOCK_COLUMN_COUNT] = { 0 };

	buf_clear(out);
	for (unsigned column = 0; column < BLOCK_COLUMN_COUNT; column++) {
		size_t begin = out->len;

		if (column == BLOCK_COLUMN_BASES)
			buf_append_slice(out, buf_slice(&packed->has_base));
		else if (column == BLOCK_COLUMN_FRAMES)
			buf_append_slice(out, buf_slice(&packed->directory));
		else
			put_column(builder, (enum block_column)column, out);
		lengths[column] = out->len - begin;
	}
	for (unsigned column = 0; column < BLOCK_COLUMN_COUNT; column++)
		buf_append_u64(out, lengths[column]);
}

static void put_u32(struct buf *out, size_t at, uint32_t value)
{
	for (unsigned i = 0; i < sizeof(value); i++)
		out->data[at + i] = (char)(value >> (8 * i));
}

static void put_u64(struct buf *out, size_t at, uint64_t value)
{
	put_u32(out, at, (uint32_t)value);
	put_u32(out, at + 4, (uint32_t)(value >> 32));
}

static void build_meta(struct block_builder *builder, struct buf *meta,
		       const struct block_packed *packed)
{
	buf_reserve(meta, BLOCK_HEADER_BYTES);
	memset(meta->data, 0, BLOCK_HEADER_BYTES);
	meta->len = BLOCK_HEADER_BYTES;
	memcpy(meta->data + BLOCK_AT_MAGIC, BLOCK_MAGIC, sizeof(BLOCK_MAGIC) - 1);
	put_u32(meta, BLOCK_AT_VERSION, BLOCK_VERSION);
	put_u32(meta, BLOCK_AT_COUNT, builder->count);
	put_u32(meta, BLOCK_AT_FRAMES, packed->frames);
	put_u64(meta, BLOCK_AT_BODY_LEN, packed->body.len);
	put_u32(meta, BLOCK_AT_COLUMNS_LEN, (uint32_t)builder->columns.len);
	block_body_compress(builder->body, buf_slice(&builder->columns), meta);
	put_u32(meta, BLOCK_AT_COLUMNS_PACKED,
		(uint32_t)(meta->len - BLOCK_HEADER_BYTES));
	put_u32(meta, BLOCK_AT_BASES_LEN, (uint32_t)packed->bases.len);
	block_body_compress(builder->body, buf_slice(&packed->bases), meta);
	put_u64(meta, BLOCK_AT_CHECKSUM,
		hash64(slice_from(buf_slice(meta), BLOCK_AT_COUNT), BLOCK_VERSION));
}

static void builder_clear(struct block_builder *builder)
{
	builder->count = 0;
	buf_clear(&builder->texts);
	block_dictionary_clear(&builder->services);
	block_dictionary_clear(&builder->hosts);
	block_dictionary_clear(&builder->templates);
	block_dictionary_clear(&builder->fingerprints);
}

void block_builder_seal(struct block_builder *builder, struct block_encoded *out)
{
	struct block_packed packed = { 0 };
	const struct block_texts texts = {
		.bytes = builder->texts.data,
		.places = builder->places,
		.template_codes = builder->template_codes,
		.count = builder->count,
		.templates_count = builder->templates.count,
	};

	assert(builder->count > 0);
	summarize(builder, out);
	block_body_pack(builder->body, &texts, builder->words, &packed);
	build_columns(builder, &packed);
	build_meta(builder, &out->meta, &packed);
	out->body = packed.body;
	if (builder->words != NULL)
		block_words_take(builder->words, &out->words);
	buf_deinit(&packed.directory);
	buf_deinit(&packed.has_base);
	buf_deinit(&packed.bases);
	builder_clear(builder);
}

void block_encoded_deinit(struct block_encoded *encoded)
{
	mem_free(encoded->template_keys);
	buf_deinit(&encoded->meta);
	buf_deinit(&encoded->body);
	buf_deinit(&encoded->words);
	buf_deinit(&encoded->rare);
	buf_deinit(&encoded->host_names);
	mem_free(encoded->hosts);
	*encoded = (struct block_encoded){ 0 };
}
