/* block_body.h - packs the texts of a block: base texts, and frames of differences
 *
 * Threads: one owner at a time. Pure. For pipeline/block_*.c only.
 * Owner: block_body_free; what is packed is appended to buffers of the caller.
 * Limits: those of block.h. Format: docs/block-format.md, "Body".
 */
#ifndef SIFTD_PIPELINE_BLOCK_BODY_H
#define SIFTD_PIPELINE_BLOCK_BODY_H

#include "pipeline/block.h"
#include "pipeline/block_words.h"

/* texts of events that lie behind each other, and which of them are alike */
struct block_texts {
	const char *bytes;
	const size_t *places; /* count + 1: where each begins, and the end */
	const uint32_t *template_codes;
	uint32_t count;
	uint32_t templates_count;
};

struct block_packed {
	uint32_t frames;
	struct buf body;
	struct buf directory; /* content of BLOCK_COLUMN_FRAMES */
	struct buf has_base;  /* of BLOCK_COLUMN_BASES */
	struct buf bases;     /* base texts, as they are */
};

struct block_body;

struct block_body *block_body_new(int zstd_level);
void block_body_free(struct block_body **body);
/* words may be NULL, else it takes in all texts; out was zeroed */
void block_body_pack(struct block_body *body, const struct block_texts *texts,
		     struct block_words *words, struct block_packed *out);
/* appends the bytes as one zstd frame, or nothing when there are none */
void block_body_compress(struct block_body *body, struct slice bytes, struct buf *out);

#endif
