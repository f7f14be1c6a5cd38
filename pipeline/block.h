/* block.h - the codec of stored runs of events
 *
 * Threads: builders and readers belong to one thread each. Pure.
 * Owner: block_encoded owns its buffers until block_encoded_deinit; a reader borrows
 *        the bytes it was opened on.
 * Limits: BLOCK_EVENTS_MAX events and BLOCK_BYTES_MAX raw bytes a block (one larger
 * event makes a block of its own); the decoder trusts no byte. Format:
 * docs/block-format.md; versioned and checksummed; every version is read for ever.
 */
#ifndef SIFTD_PIPELINE_BLOCK_H
#define SIFTD_PIPELINE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/record.h"

#define BLOCK_EVENTS_MAX 8192
#define BLOCK_BYTES_MAX ((size_t)8 * 1024 * 1024)

/* one event as stored */
struct block_event {
	int64_t timestamp_us; /* or TIMESTAMP_NONE */
	int64_t observed_timestamp_us;
	enum severity severity;
	uint8_t format;
	uint64_t fingerprint; /* leaf */
	uint64_t template_key;
	struct slice service_name; /* ptr NULL when absent */
	struct slice host_name;
	struct slice
		extra; /* JSON object of attributes that the raw bytes lack, or empty */
	struct slice raw;
};

struct block_encoded {
	uint32_t count;
	int64_t timestamp_min_us; /* TIMESTAMP_NONE when no event has one */
	int64_t timestamp_max_us;
	uint32_t without_timestamp;
	uint32_t severities[SEVERITY_COUNT];
	uint64_t *template_keys; /* distinct, ascending */
	size_t template_keys_count;
	uint64_t raw_bytes;
	struct buf meta;
	struct buf body;
	struct buf words; /* filter of words for text search; format in
			     docs/block-format.md */
};

struct block_builder;
struct block_reader;

struct block_builder *block_builder_new(int zstd_level);
void block_builder_free(struct block_builder **builder);
/* copies all it needs; false: full, seal first (an empty builder takes any event) */
bool block_builder_add(struct block_builder *builder, const struct block_event *event);
uint32_t block_builder_count(const struct block_builder *builder);
size_t block_builder_bytes(const struct block_builder *builder);
/* the raw bytes of an event added since the last seal; valid until the next add or seal
 */
struct slice block_builder_raw(const struct block_builder *builder, uint32_t row);
/* encodes what was added (at least one event), and empties the builder */
void block_builder_seal(struct block_builder *builder, struct block_encoded *out);
void block_encoded_deinit(struct block_encoded *encoded);

/* meta is enough for all columns but raw and extra; body may come later, or never */
MUST_CHECK int block_reader_open(struct slice meta, struct block_reader **out,
				 struct error *error);
void block_reader_free(struct block_reader **reader);
uint32_t block_reader_count(const struct block_reader *reader);
/* all but raw and extra, which are left empty */
void block_reader_columns(const struct block_reader *reader, uint32_t index,
			  struct block_event *out);
/* the bytes of the body that hold this event's frame, for reading a part of it only */
void block_reader_frame(const struct block_reader *reader, uint32_t index,
			size_t *offset, size_t *len);
/* raw and extra of one event; body is the whole body; valid until the next call or free
 */
MUST_CHECK int block_reader_raw(struct block_reader *reader, struct slice body,
				uint32_t index, struct block_event *out,
				struct error *error);
/* false: no event of the block can hold the text (case-insensitive ASCII substring) */
bool block_words_may_hold(struct slice words, struct slice text);

#endif
