/* block_extract.h - what a block tells without being opened: its rare events, its hosts
 *
 * Threads: an extractor belongs to one thread at a time; the rest is for any. Pure.
 * Owner: block_extractor_free; what is extracted belongs to the block_encoded. A
 *        block_rare borrows the bytes that it was opened from.
 * Limits: rare events are at most 1 in 16 of a block's events and bytes, at most
 *         BLOCK_RARE_BYTES_MAX, and only those of templates with at most
 *         BLOCK_RARE_EVENTS events in it; blocks of fewer than BLOCK_RARE_BLOCK_MIN
 *         events have none. Up to BLOCK_HOSTS_MAX hosts are counted.
 *
 * The events of a rare group lie in as many blocks as they are many, and to show one of
 * them its block's columns and a frame of its body would be fetched and decompressed:
 * some hundred kilobytes. So the events of templates that are rare in a block are
 * stored once more, in a small block of their own. Format: docs/block-format.md.
 */
#ifndef SIFTD_PIPELINE_BLOCK_EXTRACT_H
#define SIFTD_PIPELINE_BLOCK_EXTRACT_H

#include "base/compiler.h"
#include "pipeline/block.h"

#define BLOCK_RARE_EVENTS 8
#define BLOCK_RARE_BYTES_MAX ((size_t)64 * 1024)
#define BLOCK_RARE_BLOCK_MIN 512
#define BLOCK_HOSTS_MAX 256

struct block_extractor;

struct block_extractor *block_extractor_new(void);
void block_extractor_free(struct block_extractor **extractor);
/* extracts, then seals as block_builder_seal does */
void block_extractor_seal(struct block_extractor *extractor,
			  struct block_builder *builder, struct block_encoded *out);

struct block_rare {
	struct slice frequent; /* marks of the templates that are left out, ascending */
	struct slice rows;     /* of the events, in the large block */
	uint32_t count;
	struct slice meta; /* the small block */
	struct slice body;
};

MUST_CHECK int block_rare_open(struct slice bytes, struct block_rare *out,
			       struct error *error);
/* false: all events of this template, if the block has any, are among the rare ones.
 * true may be wrong, once in some million keys */
bool block_rare_is_frequent(const struct block_rare *rare, uint64_t template_key);
/* the number in the large block of rare event `index` */
uint32_t block_rare_row(const struct block_rare *rare, uint32_t index);

#endif
