/* push_body.c - gzip, zstd and snappy, within bounds */
#include "api/push_body.h"

#include <snappy-c.h>

#include "sources/decompress.h"

#define PIECE_BYTES ((size_t)64 * 1024)

/* the block says how long it will be before a byte of it is unpacked */
static enum push_status open_snappy(const struct push_body *body, struct buf *space,
				    struct error *error)
{
	size_t len = 0;

	if (snappy_uncompressed_length(body->bytes.ptr, body->bytes.len, &len) !=
	    SNAPPY_OK) {
		(void)error_set(error, "the body is no snappy block"); /* always -1 */
		return PUSH_MALFORMED;
	}
	if (len > body->bytes_max)
		return PUSH_TOO_LARGE;
	buf_reserve(space, len + 1);
	if (snappy_uncompress(body->bytes.ptr, body->bytes.len, space->data, &len) !=
	    SNAPPY_OK) {
		(void)error_set(error, "the snappy block is corrupt"); /* see above */
		return PUSH_MALFORMED;
	}
	space->len = len;
	return PUSH_OK;
}

static enum push_status inflate(struct decompress *decompress, size_t bytes_max,
				struct buf *space, struct error *error)
{
	int status = 1;

	while (status > 0) {
		size_t len = 0;

		buf_reserve(space, PIECE_BYTES);
		status = decompress_next(decompress, space->data + space->len,
					 PIECE_BYTES, &len, error);
		if (status > 0)
			space->len += len;
		if (space->len > bytes_max)
			return PUSH_TOO_LARGE;
	}
	if (status == 0)
		status = decompress_finish(decompress, error);
	return status < 0 ? PUSH_MALFORMED : PUSH_OK;
}

static enum push_status open_packed(const struct push_body *body, struct buf *space,
				    struct error *error)
{
	struct decompress *decompress = decompress_new();
	enum push_status status = PUSH_OK;

	decompress_feed(decompress, body->bytes);
	status = inflate(decompress, body->bytes_max, space, error);
	decompress_free(&decompress);
	return status;
}

enum push_status push_body_open(const struct push_body *body, struct buf *space,
				struct slice *plain, struct error *error)
{
	enum push_status status = PUSH_OK;

	*plain = body->bytes;
	if (!decompress_is_plain(slice_head(body->bytes, 4)))
		status = open_packed(body, space, error);
	else if (body->snappy)
		status = open_snappy(body, space, error);
	else
		return body->bytes.len > body->bytes_max ? PUSH_TOO_LARGE : PUSH_OK;
	*plain = buf_slice(space);
	return status;
}
