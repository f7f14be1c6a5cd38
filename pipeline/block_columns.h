/* block_columns.h - the columns of a block, decoded and checked
 *
 * Threads: one owner at a time. Pure. For pipeline/block_*.c only.
 * Owner: block_columns_deinit frees; the texts borrow from the bytes that were read.
 * Limits: those of block.h; what breaks them is an error.
 */
#ifndef SIFTD_PIPELINE_BLOCK_COLUMNS_H
#define SIFTD_PIPELINE_BLOCK_COLUMNS_H

#include "base/compiler.h"
#include "base/error.h"
#include "pipeline/block.h"

struct column_frame {
	struct block_frame place;
	uint64_t checksum;
	size_t texts_bytes;
	size_t steps_bytes; /* when decompressed; version 1 has none */
	size_t fresh_bytes; /* behind the steps; in version 1 these are the texts */
};

struct column_event {
	int64_t timestamp_us;
	int64_t observed_timestamp_us;
	uint64_t template_key;
	uint64_t fingerprint;
	uint32_t service; /* 0: none, else index + 1 */
	uint32_t host;
	uint32_t raw_len; /* at most BLOCK_EVENT_BYTES_MAX, as is extra_len */
	uint32_t extra_len;
	uint32_t offset; /* of raw in its frame's texts; extra lies behind it */
	uint32_t frame;
	uint32_t template_code; /* below templates_count */
	uint8_t severity;
	uint8_t format;
};

struct column_texts {
	struct slice *items;
	uint32_t count;
};

struct block_columns {
	/* set before block_columns_read: what the header says */
	uint32_t version;
	uint32_t count;
	uint32_t frames_count;
	size_t body_len;
	/* filled by it */
	struct column_event *events;
	struct column_frame *frames;
	struct column_texts services;
	struct column_texts hosts;
	uint32_t templates_count;
	struct slice has_base; /* by template code: 1 or 0; empty in version 1 */
};

/* on an error deinit is still due */
MUST_CHECK int block_columns_read(struct block_columns *columns, struct slice bytes,
				  struct error *error);
void block_columns_deinit(struct block_columns *columns);

#endif
