/* fuzz_block.c - blocks of any bytes, and of bytes that pass the outer checks
 *
 * The first byte chooses: as it comes (meta, body and words cut from the input), or
 * columns, base texts and body that the input gives, behind a header and checksums that
 * are right, so that the fuzzer reaches what lies behind them; or texts to be put in,
 * which must come out.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block.h"
#include "pipeline/block_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* takes a length of two bytes and so many bytes from the front; a single byte is lost
 */
static struct slice take(struct slice *input)
{
	struct slice part = { 0 };
	size_t len = 0;

	if (input->len >= 2)
		len = (size_t)(unsigned char)input->ptr[0] |
		      (size_t)(unsigned char)input->ptr[1] << 8;
	*input = slice_from(*input, 2);
	part = slice_head(*input, len);
	*input = slice_from(*input, len);
	return part;
}

static void read_all(struct slice meta, struct slice body)
{
	struct block_reader *reader = NULL;
	struct error error = { 0 };
	volatile size_t sum = 0; /* so that every byte is really read */

	if (block_reader_open(meta, &reader, &error) < 0)
		return;
	for (uint32_t i = 0; i < block_reader_count(reader); i++) {
		struct block_event event = { 0 };

		block_reader_columns(reader, i, &event);
		for (size_t k = 0; k < event.service_name.len; k++)
			sum += (unsigned char)event.service_name.ptr[k];
		if (block_reader_raw(reader, body, i, &event, &error) < 0)
			continue;
		for (size_t k = 0; k < event.raw.len; k++)
			sum += (unsigned char)event.raw.ptr[k];
		for (size_t k = 0; k < event.extra.len; k++)
			sum += (unsigned char)event.extra.ptr[k];
	}
	(void)sum;
	block_reader_free(&reader);
}

static void pack(struct buf *out, struct slice bytes)
{
	size_t bound = ZSTD_compressBound(bytes.len);
	size_t len = 0;

	buf_reserve(out, bound);
	len = ZSTD_compress(out->data + out->len, bound, bytes.ptr, bytes.len, 1);
	if (ZSTD_isError(len))
		abort();
	out->len += len;
}

static void put_number(struct buf *meta, size_t at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		meta->data[at + i] = (char)(value >> (8 * i));
}

/* what the input says of a block */
struct made {
	uint32_t version;
	struct slice counts; /* events - 1, then the byte lengths of columns */
	struct slice columns;
	struct slice steps;
	struct slice bases;
	struct slice texts; /* what is not in steps */
};

static uint8_t count_at(const struct made *made, size_t index)
{
	return index < made->counts.len ? (uint8_t)made->counts.ptr[index] : 0;
}

/* the columns of the input, and a directory that fits: one frame of all events */
static void make_columns(const struct made *made, struct slice body, struct buf *out)
{
	unsigned given =
		made->version == 1 ? BLOCK_COLUMN_COUNT - 2 : BLOCK_COLUMN_COUNT - 1;

	buf_append_slice(out, made->columns);
	buf_append_varint(out, count_at(made, 0) + 1u);
	if (made->version > 1) {
		buf_append_varint(out, made->steps.len);
		buf_append_varint(out, made->texts.len);
	}
	buf_append_varint(out, body.len);
	buf_append_u64(out, hash64(body, 0));
	for (unsigned i = 0; i < given; i++)
		buf_append_u64(out, count_at(made, i + 1));
	buf_append_u64(out, out->len - made->columns.len - 8 * (size_t)given);
}

static void read_made(const struct made *made)
{
	struct buf meta = { 0 };
	struct buf body = { 0 };
	struct buf columns = { 0 };
	size_t header = made->version == 1 ? BLOCK_HEADER_BYTES_1 : BLOCK_HEADER_BYTES;

	if (made->version > 1)
		pack(&body, made->steps);
	pack(&body, made->texts);
	make_columns(made, buf_slice(&body), &columns);
	buf_reserve(&meta, BLOCK_HEADER_BYTES);
	memset(meta.data, 0, BLOCK_HEADER_BYTES);
	memcpy(meta.data, BLOCK_MAGIC, 4);
	meta.len = header;
	put_number(&meta, BLOCK_AT_VERSION, made->version, 4);
	put_number(&meta, BLOCK_AT_COUNT, count_at(made, 0) + 1u, 4);
	put_number(&meta, BLOCK_AT_FRAMES, 1, 4);
	put_number(&meta, BLOCK_AT_BODY_LEN, body.len, 8);
	put_number(&meta, BLOCK_AT_COLUMNS_LEN, columns.len, 4);
	pack(&meta, buf_slice(&columns));
	if (made->version > 1) {
		put_number(&meta, BLOCK_AT_COLUMNS_PACKED, meta.len - header, 4);
		put_number(&meta, BLOCK_AT_BASES_LEN, made->bases.len, 4);
		pack(&meta, made->bases);
	}
	put_number(&meta, BLOCK_AT_CHECKSUM,
		   hash64(slice_from(buf_slice(&meta), BLOCK_AT_COUNT), made->version),
		   8);
	read_all(buf_slice(&meta), buf_slice(&body));
	buf_deinit(&meta);
	buf_deinit(&body);
	buf_deinit(&columns);
}

/* the events that read_built puts in */
static struct block_event next_event(struct slice *input)
{
	struct block_event event = { .raw = take(input) };

	event.service_name = slice_head(event.raw, event.raw.len % 5);
	event.timestamp_us = (int64_t)hash64(event.raw, 1);
	event.template_key = event.raw.len == 0 ? 0 : (uint8_t)event.raw.ptr[0] % 4;
	return event;
}

static void check_events(const struct block_encoded *encoded, struct slice input)
{
	struct block_reader *reader = NULL;
	struct error error = { 0 };

	if (block_reader_open(buf_slice(&encoded->meta), &reader, &error) < 0)
		abort();
	for (uint32_t i = 0; i < encoded->count; i++) {
		struct block_event wanted = next_event(&input);
		struct block_event event = { 0 };

		block_reader_columns(reader, i, &event);
		if (block_reader_raw(reader, buf_slice(&encoded->body), i, &event,
				     &error) < 0 ||
		    !slice_equal(event.raw, wanted.raw) || event.extra.len > 0 ||
		    !block_words_may_hold(buf_slice(&encoded->words), wanted.raw))
			abort();
	}
	block_reader_free(&reader);
}

/* what goes in comes out: events of the input's bytes */
static void read_built(struct slice input)
{
	static struct block_builder *builder; /* costs more than the rest of a run */
	struct block_encoded encoded = { 0 };
	struct slice rest = input;

	if (builder == NULL)
		builder = block_builder_new(1);
	do {
		struct block_event event = next_event(&rest);

		if (!block_builder_add(builder, &event))
			break;
	} while (rest.len > 0);
	block_builder_seal(builder, &encoded);
	check_events(&encoded, input);
	block_encoded_deinit(&encoded);
}

static void read_stored(struct slice input)
{
	struct slice meta = take(&input);
	struct slice body = take(&input);

	read_all(meta, body);
	(void)block_words_may_hold(body, input); /* for its reads alone */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { (const char *)data, size };
	struct made made = { .version = 1 };
	unsigned mode = 0;

	if (size == 0)
		return 0;
	mode = data[0] % 4;
	input = slice_from(input, 1);
	if (mode == 2) {
		read_built(input);
		return 0;
	}
	if (mode == 0) {
		read_stored(input);
		return 0;
	}
	made.version = mode == 1 ? 1 : 2;
	made.counts = take(&input);
	made.columns = take(&input);
	if (made.version > 1) {
		made.steps = take(&input);
		made.bases = take(&input);
	}
	made.texts = input;
	read_made(&made);
	return 0;
}
