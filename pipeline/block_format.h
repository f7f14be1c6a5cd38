/* block_format.h - the layout that the builder writes and the reader reads
 *
 * Threads: any; pure. For pipeline/block_*.c only. The format in words:
 * docs/block-format.md.
 */
#ifndef SIFTD_PIPELINE_BLOCK_FORMAT_H
#define SIFTD_PIPELINE_BLOCK_FORMAT_H

#include <endian.h>
#include <stdint.h>

#include "pipeline/block.h"

#define BLOCK_MAGIC "SBLK"
#define BLOCK_VERSION 2
/* the first whose texts are stored as differences */
#define BLOCK_VERSION_DELTA 2

/* byte offsets in meta */
enum {
	BLOCK_AT_MAGIC = 0,
	BLOCK_AT_VERSION = 4,
	BLOCK_AT_CHECKSUM = 8,
	BLOCK_AT_COUNT = 16,
	BLOCK_AT_FRAMES = 20,
	BLOCK_AT_BODY_LEN = 24,
	BLOCK_AT_DICTIONARY = 32,
	BLOCK_AT_COLUMNS_LEN = 36,
	BLOCK_HEADER_BYTES_1 = 40, /* of version 1, in which the columns are the rest */
	BLOCK_AT_COLUMNS_PACKED = 40,
	BLOCK_AT_BASES_LEN = 44,
	BLOCK_HEADER_BYTES = 48
};

/* a frame ends at so many events, or as soon as it holds so many bytes */
#define BLOCK_FRAME_EVENTS 1024
#define BLOCK_FRAME_BYTES ((size_t)256 * 1024)

/* in the order in which they are stored */
enum block_column {
	BLOCK_COLUMN_KINDS,
	BLOCK_COLUMN_FORMATS,
	BLOCK_COLUMN_TIMESTAMPS,
	BLOCK_COLUMN_OBSERVED,
	BLOCK_COLUMN_SERVICES,
	BLOCK_COLUMN_HOSTS,
	BLOCK_COLUMN_TEMPLATES,
	BLOCK_COLUMN_FINGERPRINTS,
	BLOCK_COLUMN_RAW_LENGTHS,
	BLOCK_COLUMN_EXTRA_LENGTHS,
	BLOCK_COLUMN_BASES, /* version 1 has none */
	BLOCK_COLUMN_FRAMES,
	BLOCK_COLUMN_COUNT
};

/* a byte of BLOCK_COLUMN_KINDS: the severity, and whether a timestamp is stored */
#define BLOCK_KIND_SEVERITY 0x07
#define BLOCK_KIND_NO_TIMESTAMP 0x80

/* zstd cannot make more of a byte than this (a run block: 4 bytes for 128 KiB), so
 * that a lying length is told before memory is taken for it */
#define BLOCK_EXPANSION_MAX ((size_t)32768)
/* the columns, or one frame: one huge event on top of an all but full block */
#define BLOCK_DECOMPRESSED_MAX (BLOCK_EVENT_BYTES_MAX + BLOCK_BYTES_MAX)

static inline uint64_t zigzag_encode(uint64_t delta)
{
	return (delta << 1) ^ (0 - (delta >> 63));
}

static inline uint64_t zigzag_decode(uint64_t value)
{
	return (value >> 1) ^ (0 - (value & 1));
}

static inline uint32_t block_load_u32(const char *bytes)
{
	uint32_t value = 0;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static inline uint64_t block_load_u64(const char *bytes)
{
	uint64_t value = 0;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

#endif
