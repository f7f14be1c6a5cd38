/* block.h - the codec of stored runs of events
 *
 * Threads: builders and readers belong to one thread each. Pure.
 * Owner: block_encoded owns its buffers until block_encoded_deinit; a reader borrows
 *        nothing after block_reader_open.
 * Limits: BLOCK_EVENTS_MAX events and BLOCK_BYTES_MAX bytes a block (one larger event,
 * up to BLOCK_EVENT_BYTES_MAX, makes a block of its own); the decoder trusts no byte.
 * Format: docs/block-format.md; versioned and checksummed; every version is read for
 * ever.
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
/* of one event's texts together; what is larger no source lets in (asserted) */
#define BLOCK_EVENT_BYTES_MAX ((size_t)256 * 1024 * 1024)

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

/* how many events of a block name a host */
struct block_host {
	size_t offset; /* of the name, in block_encoded.host_names */
	size_t len;
	uint32_t count;
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
	struct buf
		words; /* filter for text search, or empty; see block_words_may_hold */
	/* by block_extractor_seal; see block_extract.h */
	struct buf rare; /* events of rare templates once more, or empty */
	struct buf host_names;
	struct block_host *hosts; /* NULL: too many, or not counted */
	size_t hosts_count;       /* events may have none */
};

/* a run of events that is compressed on its own */
struct block_frame {
	uint32_t first; /* its first event */
	uint32_t count;
	size_t offset; /* of its bytes in the body */
	size_t len;
};

/* some of the body's bytes, and where in it they begin */
struct block_part {
	struct slice bytes;
	size_t offset;
};

/* numbers of an event's template and fingerprint in its block, for block_builder_guess
 */
struct block_codes {
	uint32_t template_key;
	uint32_t fingerprint;
};

struct block_builder;
struct block_reader;

struct block_builder *block_builder_new(int zstd_level);
void block_builder_free(struct block_builder **builder);
/* whether blocks get the filter of words; those of a new builder do. Without it text
 * search has to read the body. The builder must be empty. */
void block_builder_set_words(struct block_builder *builder, bool on);
/* copies all it needs; false: full, seal first (an empty builder takes any event) */
bool block_builder_add(struct block_builder *builder, const struct block_event *event);
/* the same; codes may hold those of an event like it, which saves looking them up, and
 * then hold its own: they are checked, so that any will do */
bool block_builder_guess(struct block_builder *builder, const struct block_event *event,
			 struct block_codes *codes);
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
/* from now on the texts of every frame that is opened stay until the free, and are
 * valid as long, for one that is read again and again */
void block_reader_keep_frames(struct block_reader *reader);
/* whether the texts of a frame can be read without its bytes of the body */
bool block_reader_has_frame(const struct block_reader *reader, uint32_t frame);
/* bytes that it holds */
size_t block_reader_memory(const struct block_reader *reader);
uint32_t block_reader_count(const struct block_reader *reader);
/* all but raw and extra, which are left empty; texts are valid until the free */
void block_reader_columns(const struct block_reader *reader, uint32_t index,
			  struct block_event *out);
uint64_t block_reader_template(const struct block_reader *reader, uint32_t index);
uint32_t block_reader_frame_count(const struct block_reader *reader);
void block_reader_frame(const struct block_reader *reader, uint32_t frame,
			struct block_frame *out);
/* the number of the frame that holds the event */
uint32_t block_reader_frame_of(const struct block_reader *reader, uint32_t index);
/* fills raw and extra of one event from the whole body; valid until the next call or
 * free. Going on in the same frame costs no decompression. */
MUST_CHECK int block_reader_raw(struct block_reader *reader, struct slice body,
				uint32_t index, struct block_event *out,
				struct error *error);
/* as block_reader_raw, when only a part of the body is at hand */
MUST_CHECK int block_reader_raw_part(struct block_reader *reader,
				     const struct block_part *part, uint32_t index,
				     struct block_event *out, struct error *error);

/* shorter texts are in every filter */
#define BLOCK_WORDS_TEXT_MIN 3
/* false: no event of the block can hold the text (ASCII case-insensitive substring of
 * raw). An absent or damaged filter, and texts of less than BLOCK_WORDS_TEXT_MIN bytes,
 * give true. */
bool block_words_may_hold(struct slice words, struct slice text);

#endif
