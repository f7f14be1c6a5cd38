/* fuzz_block.c - blocks of any bytes, and of bytes that pass the outer checks
 *
 * The first byte chooses: as it comes (meta, body and words cut from the input), or
 * columns and body that the input gives, behind a header and checksums that are right,
 * so that the fuzzer reaches what lies behind them.
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

/* takes a length of two bytes and so many bytes from the front */
static struct slice take(struct slice *input)
{
	struct slice part = { 0 };
	size_t len = 0;

	if (input->len >= 2) {
		len = (size_t)(unsigned char)input->ptr[0] |
		      (size_t)(unsigned char)input->ptr[1] << 8;
		*input = slice_from(*input, 2);
	}
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

/* counts: events - 1, then the byte lengths of the first ten columns; the directory of
 * frames is made to fit the texts: one frame of all events */
static void read_made(struct slice counts, struct slice columns, struct slice texts)
{
	struct buf meta = { 0 };
	struct buf body = { 0 };
	struct buf all = { 0 };
	uint32_t events = counts.len > 0 ? (unsigned char)counts.ptr[0] + 1u : 1;
	uint64_t checksum = 0;

	pack(&body, texts);
	/* the column lengths that the input wants for the first ten, in its own bytes
	 */
	buf_append_slice(&all, columns);
	buf_append_varint(&all, events);
	buf_append_varint(&all, body.len);
	buf_append_u64(&all, hash64(buf_slice(&body), 0));
	for (unsigned i = 0; i < BLOCK_COLUMN_COUNT - 1; i++)
		buf_append_u64(&all, i + 1 < counts.len
					     ? (unsigned char)counts.ptr[i + 1]
					     : 0);
	buf_append_u64(&all,
		       all.len - columns.len - 8 * (size_t)(BLOCK_COLUMN_COUNT - 1));

	buf_append(&meta, BLOCK_MAGIC, 4);
	buf_append_u32(&meta, BLOCK_VERSION);
	buf_append_u64(&meta, 0);
	buf_append_u32(&meta, events);
	buf_append_u32(&meta, 1);
	buf_append_u64(&meta, body.len);
	buf_append_u32(&meta, 0);
	buf_append_u32(&meta, (uint32_t)all.len);
	pack(&meta, buf_slice(&all));
	checksum = hash64(slice_from(buf_slice(&meta), BLOCK_AT_COUNT), BLOCK_VERSION);
	for (unsigned i = 0; i < sizeof(checksum); i++)
		meta.data[BLOCK_AT_CHECKSUM + i] = (char)(checksum >> (8 * i));
	read_all(buf_slice(&meta), buf_slice(&body));
	buf_deinit(&meta);
	buf_deinit(&body);
	buf_deinit(&all);
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
		struct block_event event = { .raw = take(&rest) };

		event.service_name = slice_head(event.raw, event.raw.len % 5);
		event.timestamp_us = (int64_t)hash64(event.raw, 1);
		event.template_key = event.raw.len;
		if (!block_builder_add(builder, &event))
			break;
	} while (rest.len > 0);
	block_builder_seal(builder, &encoded);
	rest = input;
	for (uint32_t i = 0; i < encoded.count; i++) {
		if (!block_words_may_hold(buf_slice(&encoded.words), take(&rest)))
			abort();
	}
	read_all(buf_slice(&encoded.meta), buf_slice(&encoded.body));
	block_encoded_deinit(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { (const char *)data, size };
	struct slice first = { 0 };
	struct slice second = { 0 };
	unsigned mode = 0;

	if (size == 0)
		return 0;
	mode = data[0] % 3;
	input = slice_from(input, 1);
	if (mode == 2) {
		read_built(input);
		return 0;
	}
	first = take(&input);
	second = take(&input);
	if (mode == 1) {
		read_made(first, second, input);
	} else {
		read_all(first, second);
		(void)block_words_may_hold(second, input); /* for its reads alone */
	}
	return 0;
}
