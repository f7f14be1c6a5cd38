/* chunk.h - bytes on their way from a source to a lane
 *
 * Threads: a chunk belongs to one thread at a time: source, then mailbox, then lane.
 * Owner: whoever holds it; the lane frees it when all its items are processed.
 * Limits: a source makes chunks of at most CHUNK_BYTES_MAX (one huge frame may be
 * larger).
 *
 * A stream is what has one position: a file, a spool partition, a Kafka partition. All
 * its chunks go to one lane, in order. A stream's first chunk, and none later, carries
 * `open`. Within it, a substream is what records may span: the file itself, or one
 * upload inside a spool partition.
 *
 *   data  [ item 0 bytes | item 1 bytes | ... ]
 */
#ifndef SIFTD_PIPELINE_CHUNK_H
#define SIFTD_PIPELINE_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "pipeline/record.h"

#define CHUNK_BYTES_MAX ((size_t)1024 * 1024)

/* names the row of source_positions: host, source, stream are its key */
struct stream_info {
	char *host_id; /* of the daemon's state directory; "" for sources not tied to
			  one */
	char *source;  /* the source's name in the configuration */
	char *stream; /* unique in the source: for a file its device, inode and birth */
	char *detail; /* JSON object kept beside the position (path, first-bytes hash)
		       */
	struct position begin; /* where reading began; the flush compares with it */
};

enum chunk_item_flags {
	/* item bytes are one whole record (syslog frame, Kafka message) */
	CHUNK_ITEM_WHOLE_RECORD = 1,
	/* positions inside the item advance in position.inner, not position.offset */
	CHUNK_ITEM_FRAMED = 2,
	/* the substream ends behind these bytes (which may be none) */
	CHUNK_ITEM_END = 4,
	/* bytes were skipped in front of this item by the source; its size is in
	   skipped */
	CHUNK_ITEM_GAP = 8,
	/* no record: the source drops `dropped` records and `skipped` bytes for
	   `reason`, and goes on at end */
	CHUNK_ITEM_DROPPED = 16,
	/* timestamp_us stands for a whole record's timestamp when it shows none */
	CHUNK_ITEM_TIMESTAMP = 32
};

/* why a source drops records; names in the ledger */
enum drop_reason {
	DROP_TOMBSTONE,       /* a message without a value */
	DROP_EXPIRED,         /* deleted at its origin before it was read */
	DROP_TOO_LARGE,       /* beyond the source's bound of a message */
	DROP_UNREADABLE,      /* damaged at its origin */
	DROP_UNKNOWN_PROJECT, /* of one that the source does not know */
	DROP_KERNEL,          /* by the kernel, whose receive buffer was full */
	/* no loss: another stream has stored the same bytes. The ledger has columns of
	 * its own for it, deduplicated_* */
	DROP_DUPLICATE,
	DROP_REASONS
};

struct drop_sums {
	uint64_t records[DROP_REASONS];
	uint64_t bytes[DROP_REASONS];
};

struct chunk_item {
	size_t offset; /* into data */
	size_t len;
	struct position begin; /* of the item's first byte */
	struct position end;   /* where reading goes on after the item */
	uint64_t substream;
	int64_t project_id;
	int64_t ingestion_id;
	int64_t observed_timestamp_us;
	int64_t timestamp_us; /* CHUNK_ITEM_TIMESTAMP */
	uint64_t skipped;     /* bytes lost in front (CHUNK_ITEM_GAP) */
	uint64_t dropped;     /* records (CHUNK_ITEM_DROPPED) */
	enum drop_reason reason;
	/* of a whole record: attributes that its bytes lack, in pairs (extra.h), behind
	 * them in data */
	size_t extra_len;
	unsigned flags;
};

struct chunk {
	uint64_t stream; /* unique in the process's life, from stream_next_id */
	struct stream_info *open; /* first chunk of a stream only; taken by the lane */
	char *detail; /* replaces that of the stream, with this chunk; NULL: it stays */
	char *data;
	size_t data_len;
	struct chunk_item *items;
	size_t items_count;
	size_t items_capacity;
	bool last; /* the stream is closed behind this chunk: emit open records, forget
		      it */
	bool seal; /* somebody waits for the commit of what it ends: seal at once */
};

struct chunk *chunk_new(uint64_t stream, size_t data_capacity);
void chunk_free(struct chunk **chunk);
/* the item, zeroed, to be filled */
struct chunk_item *chunk_add_item(struct chunk *chunk);
size_t chunk_weight(const struct chunk *chunk);
const char *drop_reason_name(enum drop_reason reason);
/* DROP_REASONS: none has that name */
enum drop_reason drop_reason_named(struct slice name);

struct stream_info *stream_info_new(const char *host_id, const char *source,
				    const char *stream, const char *detail);
void stream_info_free(struct stream_info **info);
/* thread-safe counter */
uint64_t stream_next_id(void);

#endif
