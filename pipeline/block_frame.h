/* block_frame.h - the texts of one frame of a block, put together again
 *
 * Threads: one owner at a time. Pure. For pipeline/block_*.c only.
 * Owner: block_frame_deinit; the columns must outlive it.
 * Limits: BLOCK_DECOMPRESSED_MAX bytes of texts a frame; memory is taken by what is
 *         there, not by what lengths say. What breaks a rule of the format is an error.
 */
#ifndef SIFTD_PIPELINE_BLOCK_FRAME_H
#define SIFTD_PIPELINE_BLOCK_FRAME_H

#include "pipeline/block_columns.h"

/* what a text of a template may be the difference from */
struct known_text {
	uint32_t latest;   /* the event that was put together last */
	struct slice base; /* ptr NULL: none */
};

struct block_frame_texts {
	const struct block_columns *columns;
	struct buf bases_packed;
	size_t bases_len; /* when decompressed */
	struct buf bases;
	struct known_text *known; /* by template code; NULL: not needed yet */
	struct buf unpacked;      /* a frame of version 2 as it is stored */
	struct buf open;          /* the texts of the frame that was opened last */
};

/* exactly len bytes out of zstd frames */
MUST_CHECK int block_decompress(struct slice packed, size_t len, struct buf *out,
				struct error *error);
/* makes the texts of a frame the open ones; packed: its bytes in the body */
MUST_CHECK int block_frame_open(struct block_frame_texts *texts,
				const struct column_frame *frame, struct slice packed,
				struct error *error);
void block_frame_deinit(struct block_frame_texts *texts);

#endif
