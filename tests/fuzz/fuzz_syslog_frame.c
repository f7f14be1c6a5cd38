/* fuzz_syslog_frame.c - any stream: the frames do not depend on how it was divided
 *
 * The first byte is the length of the pieces that the stream is fed in; fed whole it
 * must give the same frames and the same counters.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "sources/syslog_frame.h"

/* small, so that short inputs reach the bound */
#define FRAME_BYTES_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void keep(struct buf *out, struct slice frame)
{
	check(frame.len > 0);
	buf_append_u64(out, frame.len);
	buf_append_slice(out, frame);
}

static void run(struct slice input, size_t piece, struct syslog_framer *framer,
		struct buf *out)
{
	struct slice frame = { 0 };

	*framer = (struct syslog_framer){ .frame_bytes_max = FRAME_BYTES_MAX };
	while (input.len > 0) {
		syslog_framer_feed(framer, slice_head(input, piece));
		while (syslog_framer_next(framer, &frame))
			keep(out, frame);
		input = slice_from(input, piece);
	}
	if (syslog_framer_finish(framer, &frame))
		keep(out, frame);
	check(!syslog_framer_finish(framer, &frame));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { (const char *)data, size };
	struct syslog_framer whole = { 0 };
	struct syslog_framer pieces = { 0 };
	struct buf expected = { 0 };
	struct buf got = { 0 };
	size_t piece = 0;

	if (size < 2)
		return 0;
	piece = (size_t)data[0] + 1;
	input = slice_from(input, 1);
	run(input, input.len, &whole, &expected);
	run(input, piece, &pieces, &got);
	check(slice_equal(buf_slice(&expected), buf_slice(&got)));
	check(whole.truncated_frames == pieces.truncated_frames);
	check(whole.dropped_bytes == pieces.dropped_bytes);
	buf_deinit(&expected);
	buf_deinit(&got);
	syslog_framer_deinit(&whole);
	syslog_framer_deinit(&pieces);
	return 0;
}
