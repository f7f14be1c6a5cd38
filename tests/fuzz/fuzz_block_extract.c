/* fuzz_block_extract.c - rare events of any bytes, and behind a checksum that is right
 *
 * The first byte chooses. What opens is read to its last row; the small block in it is
 * fuzz_block's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash64.h"
#include "pipeline/block_extract.h"
#include "pipeline/block_format.h"

#define VERSION 1
#define HEADER_BYTES 24
#define CHECKED_FROM 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct slice bytes)
{
	struct block_rare rare = { 0 };
	struct error error = { 0 };
	volatile uint32_t sum = 0; /* so that every row is really read */

	if (block_rare_open(bytes, &rare, &error) < 0)
		return;
	for (uint32_t i = 0; i < rare.count; i++)
		sum += block_rare_row(&rare, i);
	for (uint64_t key = 0; key < 64; key++)
		sum += block_rare_is_frequent(&rare, key << 32 | key << 58);
	if (rare.meta.len + rare.body.len > bytes.len)
		abort();
	(void)sum;
}

static void append_number(struct buf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_append_char(out, (char)(value >> (8 * i)));
}

/* what the header promises is checked, as far as it is there */
static void read_made(struct slice rest)
{
	struct buf made = { 0 };
	size_t checked = HEADER_BYTES;

	append_number(&made, VERSION, 4);
	append_number(&made, 0, 8);
	buf_append_slice(&made, rest);
	if (made.len >= HEADER_BYTES)
		checked += (size_t)block_load_u32(made.data + CHECKED_FROM) * 4 +
			   (size_t)block_load_u32(made.data + CHECKED_FROM + 4) * 2;
	if (checked <= made.len) {
		struct slice sum_of =
			slice_of(made.data + CHECKED_FROM, checked - CHECKED_FROM);
		uint64_t checksum = hash64(sum_of, VERSION);

		for (unsigned i = 0; i < 8; i++)
			made.data[4 + i] = (char)(checksum >> (8 * i));
	}
	read_all(buf_slice(&made));
	buf_deinit(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of((const char *)data, size);

	if (size == 0)
		return 0;
	if ((data[0] & 1) == 0)
		read_all(slice_from(input, 1));
	else
		read_made(slice_from(input, 1));
	return 0;
}
