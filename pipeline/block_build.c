/* block_build.c - encodes events into columns and compressed frames
 *
 * Texts are copied behind each other as they come, columns are arrays of codes; seal
 * compresses the texts frame by frame where they lie.
 *
 *   texts  [ raw 0 | extra 0 | raw 1 | extra 1 | ... ]
 */
#include "pipeline/block.h"

#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_builder.h"
#include "pipeline/block_format.h"
#include "pipeline/block_words.h"

#define VARINT32_BYTES_MAX 5
#define VARINT64_BYTES_MAX 10

static void set_parameter(ZSTD_CCtx *zstd, ZSTD_cParameter parameter, int value)
{
	size_t result = ZSTD_CCtx_setParameter(zstd, parameter, value);

	assert(!ZSTD_isError(result));
	(void)result; /* unused without asserts; constants that zstd accepts */
}

struct block_builder *block_builder_new(int zstd_level)
{
	struct block_builder *builder = mem_calloc(1, sizeof(*builder));

	builder->zstd = ZSTD_createCCtx();
	if (builder->zstd == NULL)
		abort(); /* out of memory */
	set_parameter(builder->zstd, ZSTD_c_compressionLevel, zstd_level);
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
	(void)ZSTD_freeCCtx(builder->zstd); /* fails for static contexts only */
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
	builder->places[builder->count] = builder->texts.len;
	buf_append_slice(&builder->texts, event->raw);
	buf_append_slice(&builder->texts, event->extra);
	builder->count++;
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

/* what is compressed is bounded by BLOCK_EVENT_BYTES_MAX and room is made for the worst
 * case, so that only a lack of memory can make zstd fail */
static size_t compress(struct block_builder *builder, struct slice bytes,
		       struct buf *out)
{
	size_t bound = ZSTD_compressBound(bytes.len);
	size_t len = 0;

	buf_reserve(out, bound);
	len = ZSTD_compress2(builder->zstd, out->data + out->len, bound, bytes.ptr,
			     bytes.len);
	if (ZSTD_isError(len))
		abort();
	out->len += len;
	return len;
}

/* events of the frame that begins at event `first`, and their bytes */
static uint32_t frame_extent(const struct block_builder *builder, uint32_t first,
			     size_t *bytes)
{
	uint32_t count = 0;

	*bytes = 0;
	while (first + count < builder->count && count < BLOCK_FRAME_EVENTS &&
	       *bytes < BLOCK_FRAME_BYTES) {
		*bytes += (size_t)builder->raw_lengths[first + count] +
			  builder->extra_lengths[first + count];
		count++;
	}
	return count;
}

/* fills the body, and the directory of its frames; how many they are */
static uint32_t build_body(struct block_builder *builder, struct buf *body,
			   struct buf *directory)
{
	uint32_t frames = 0;
	size_t offset = 0;

	for (uint32_t first = 0; first < builder->count; frames++) {
		size_t bytes = 0;
		uint32_t count = frame_extent(builder, first, &bytes);
		size_t len = compress(
			builder, slice_of(builder->texts.data + offset, bytes), body);
		struct slice packed = slice_of(body->data + body->len - len, len);

		buf_append_varint(directory, count);
		buf_append_varint(directory, len);
		buf_append_u64(directory, hash64(packed, 0));
		first += count;
		offset += bytes;
	}
	return frames;
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
	case BLOCK_COLUMN_FRAMES: /* appended by the caller, who made them */
	case BLOCK_COLUMN_COUNT:
		break;
	}
}

/* the columns behind each other; their lengths come last, where they are known */
static void build_columns(struct block_builder *builder, const struct buf *directory)
{
	struct buf *out = &builder->columns;
	uint64_t lengths[BLOCK_COLUMN_COUNT] = { 0 };

	buf_clear(out);
	for (unsigned column = 0; column < BLOCK_COLUMN_COUNT; column++) {
		size_t begin = out->len;

		if (column == BLOCK_COLUMN_FRAMES)
			buf_append_slice(out, buf_slice(directory));
		else
			put_column(builder, (enum block_column)column, out);
		lengths[column] = out->len - begin;
	}
	for (unsigned column = 0; column < BLOCK_COLUMN_COUNT; column++)
		buf_append_u64(out, lengths[column]);
}

static void build_meta(struct block_builder *builder, struct block_encoded *out,
		       uint32_t frames)
{
	struct buf *meta = &out->meta;
	uint64_t checksum = 0;

	buf_append(meta, BLOCK_MAGIC, sizeof(BLOCK_MAGIC) - 1);
	buf_append_u32(meta, BLOCK_VERSION);
	buf_append_u64(meta, 0); /* the checksum, below */
	buf_append_u32(meta, builder->count);
	buf_append_u32(meta, frames);
	buf_append_u64(meta, out->body.len);
	buf_append_u32(meta, 0); /* no dictionary */
	buf_append_u32(meta, (uint32_t)builder->columns.len);
	(void)compress(builder, buf_slice(&builder->columns), meta); /* meta.len */
	checksum = hash64(slice_from(buf_slice(meta), BLOCK_AT_COUNT), BLOCK_VERSION);
	for (unsigned i = 0; i < sizeof(checksum); i++)
		meta->data[BLOCK_AT_CHECKSUM + i] = (char)(checksum >> (8 * i));
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

/* raw and extra in one go, over the seam: that only adds bits. An event is compared
 * with the one before of its template. */
static void add_words(struct block_builder *builder)
{
	for (uint32_t row = 0; row < builder->count; row++) {
		struct slice *like = &builder->like[builder->template_codes[row]];
		struct slice text = slice_of(builder->texts.data + builder->places[row],
					     (size_t)builder->raw_lengths[row] +
						     builder->extra_lengths[row]);

		block_words_add_like(builder->words, text, *like);
		*like = text;
	}
	memset(builder->like, 0, builder->templates.count * sizeof(*builder->like));
}

void block_builder_seal(struct block_builder *builder, struct block_encoded *out)
{
	struct buf directory = { 0 };
	uint32_t frames = 0;

	assert(builder->count > 0);
	summarize(builder, out);
	frames = build_body(builder, &out->body, &directory);
	build_columns(builder, &directory);
	build_meta(builder, out, frames);
	if (builder->words != NULL) {
		add_words(builder);
		block_words_take(builder->words, &out->words);
	}
	buf_deinit(&directory);
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
