/* fuzz_spool_read.c - a segment of any bytes: reading always goes on, inside the bytes
 *
 * With an odd first byte, whatever looks like a frame gets checksums that are right, so
 * that the fuzzer reaches what lies behind them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sources/spool_format.h"

#define BASE UINT64_C(123456789)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* the payload length that a header claims */
static size_t claimed(const char *frame)
{
	const unsigned char *p = (const unsigned char *)frame + 4;

	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
	       (size_t)p[3] << 24;
}

static void seal_all(char *bytes, size_t len)
{
	size_t at = 0;

	while (len - at >= SPOOL_HEADER_BYTES) {
		if (memcmp(bytes + at, "SFR1", 4) == 0 &&
		    claimed(bytes + at) <= len - at - SPOOL_HEADER_BYTES)
			at += spool_frame_seal(bytes + at, BASE + at);
		else
			at++;
	}
}

static void read_records(struct slice payload)
{
	struct slice rest = payload;
	struct slice record = { 0 };
	size_t used = 0;

	while (spool_record_read(&rest, &record)) {
		used += SPOOL_RECORD_BYTES + record.len;
		check(record.ptr + record.len == payload.ptr + used);
		check(rest.len == payload.len - used);
	}
}

static void read_all(struct slice bytes)
{
	size_t at = 0;

	while (at < bytes.len) {
		struct slice rest = slice_from(bytes, at);
		struct spool_frame frame;
		ssize_t n = spool_frame_read(rest, BASE + at, &frame);

		if (n > 0) {
			check((size_t)n == SPOOL_HEADER_BYTES + frame.payload.len);
			check((size_t)n <= rest.len);
			check(frame.payload.ptr == rest.ptr + SPOOL_HEADER_BYTES);
			check(spool_frame_size(rest, BASE + at) == (size_t)n);
			read_records(frame.payload);
			at += (size_t)n;
		} else {
			size_t skip = spool_frame_skip(rest, BASE + at);

			check(skip > 0 && skip <= rest.len);
			at += skip;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = NULL;

	if (size < 2)
		return 0;
	bytes = mem_alloc(size - 1);
	memcpy(bytes, data + 1, size - 1);
	if ((data[0] & 1) != 0)
		seal_all(bytes, size - 1);
	read_all(slice_of(bytes, size - 1));
	mem_free(bytes);
	return 0;
}
