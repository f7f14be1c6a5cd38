/* tail_coded.c - from the file to the decoder, piece by piece */
#include "sources/tail_coded.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"

struct tail_coded *tail_coded_new(enum tail_coded_state state, int64_t skip_to)
{
	struct tail_coded *coded = mem_calloc(1, sizeof(*coded));

	coded->state = state;
	coded->skip_to = skip_to;
	return coded;
}

static void close_decoder(struct tail_coded *coded)
{
	decompress_free(&coded->decompress);
	mem_free(coded->raw);
	coded->raw = NULL;
}

void tail_coded_free(struct tail_coded **coded)
{
	if (*coded == NULL)
		return;
	close_decoder(*coded);
	mem_free(*coded);
	*coded = NULL;
}

void tail_coded_restart(struct tail_coded *coded, enum tail_coded_state state)
{
	close_decoder(coded);
	coded->state = state;
	coded->raw_offset = 0;
	coded->offset = 0;
	coded->sum = (struct tail_sum){ 0 };
}

/* 1: the decoder has more to decode; 0: the file ends; -1 */
static int feed(struct tail_coded *coded, int fd, struct error *error)
{
	ssize_t n = 0;

	do
		n = pread(fd, coded->raw, TAIL_CODED_RAW_BYTES, coded->raw_offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set_errno(error, "read");
	coded->raw_offset += n;
	decompress_feed(coded->decompress, slice_of(coded->raw, (size_t)n));
	return n > 0;
}

static enum tail_coded_end end_of(const struct tail_coded *coded)
{
	struct error unfinished;

	return coded->raw_offset == 0 || !decompress_has_end(coded->decompress) ||
			       decompress_finish(coded->decompress, &unfinished) < 0
		       ? CODED_SHORT
		       : CODED_ENDS;
}

enum tail_coded_end tail_coded_fill(struct tail_coded *coded, int fd,
				    struct tail_piece *piece, struct error *error)
{
	piece->len = 0;
	if (coded->decompress == NULL) {
		coded->decompress = decompress_new();
		coded->raw = mem_alloc(TAIL_CODED_RAW_BYTES);
	}
	while (piece->len < piece->room) {
		size_t len = 0;
		int status =
			decompress_next(coded->decompress, piece->space + piece->len,
					piece->room - piece->len, &len, error);

		piece->len += len;
		coded->offset += (int64_t)len;
		if (status < 0)
			return CODED_CORRUPT;
		if (status > 0)
			continue;
		status = feed(coded, fd, error);
		if (status < 0)
			return CODED_UNREADABLE;
		if (status == 0)
			return end_of(coded);
	}
	return CODED_FULL;
}
