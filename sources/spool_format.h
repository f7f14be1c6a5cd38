/* spool_format.h - the bytes of a spool frame
 *
 * Threads: any; pure. Owner: a decoded frame borrows from the bytes.
 * Limits: SPOOL_PAYLOAD_MAX; a longer length is a corrupt frame.
 *
 *   0  4  "SFR1"                    24  8  substream
 *   4  4  payload length            32  8  observed timestamp, us
 *   8  8  project id                40  4  flags
 *  16  8  ingestion id              44  4  header checksum
 *                                   48  8  checksum
 *  56  .  payload
 *
 * The payload of a loss: 8 bytes records, 8 bytes bytes, then the reason's name. That
 * of several records: of each 4 bytes length, and its bytes.
 *
 * Integers are little endian. The header checksum is the low half of XXH3-64 of bytes 0
 * to 43, seeded with the frame's offset in its log: a frame that lies in a wrong place
 * is no frame, and a length can be trusted before the payload is there. The checksum is
 * XXH3-64 of the payload, seeded with XXH3-64 of bytes 0 to 47.
 */
#ifndef SIFTD_SOURCES_SPOOL_FORMAT_H
#define SIFTD_SOURCES_SPOOL_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/slice.h"

#define SPOOL_HEADER_BYTES ((size_t)56)
#define SPOOL_PAYLOAD_MAX ((size_t)16 * 1024 * 1024)

enum spool_frame_flags {
	SPOOL_FRAME_WHOLE_RECORD = 1,
	SPOOL_FRAME_END = 2,
	/* the last frame of an append: a crash leaves all of an append, or nothing */
	SPOOL_FRAME_APPEND_END = 4,
	/* stands where damaged bytes were: its payload is none, and lost */
	SPOOL_FRAME_HOLE = 8,
	/* no record: what was lost on the way to the spool, for the ledger */
	SPOOL_FRAME_LOSS = 16,
	/* whole records of one origin, each with its length in front */
	SPOOL_FRAME_RECORDS = 32
};

struct spool_frame {
	int64_t project_id;
	int64_t ingestion_id;
	uint64_t substream;
	int64_t observed_timestamp_us;
	uint32_t flags;
	struct slice payload;
};

/* in front of each of several records */
#define SPOOL_RECORD_BYTES ((size_t)4)
#define SPOOL_LOSS_MAX ((size_t)64)

struct spool_loss {
	uint64_t records; /* 0 when they are stored in part */
	uint64_t bytes;   /* 0 when nobody knows */
	struct slice reason;
};

#define SPOOL_CORRUPT (-1)
#define SPOOL_PARTIAL (-2)

/* header and payload into SPOOL_HEADER_BYTES + payload.len bytes; not valid until
 * sealed */
void spool_frame_write(char *to, const struct spool_frame *frame);
/* the header alone */
void spool_header_write(char *to, const struct spool_frame *frame);
/* the payload of a loss; its length. The reason is cut to what fits */
size_t spool_loss_write(char to[SPOOL_LOSS_MAX], const struct spool_loss *loss);
/* false: too short to be one. The reason borrows */
MUST_CHECK bool spool_loss_read(struct slice payload, struct spool_loss *out);
/* one of several records; its size with its length in front */
size_t spool_record_write(char *to, struct slice bytes);
/* the next of several, taken off the rest. False: there is none, or what is left of the
 * rest is none */
MUST_CHECK bool spool_record_read(struct slice *rest, struct slice *record);
/* fills the checksums, now that the offset is known; returns the frame's size. May be
 * done again for another offset */
size_t spool_frame_seal(char *frame, uint64_t offset);
/* as above, of a payload that lies elsewhere; returns the payload's length */
size_t spool_header_seal(char *header, const char *payload, uint64_t offset);
/* frames that fill so many bytes, at least SPOOL_HEADER_BYTES, as a hole */
void spool_hole_write(char *to, size_t len, uint64_t offset);
/* bytes consumed, SPOOL_CORRUPT, or SPOOL_PARTIAL: the bytes end inside the frame */
MUST_CHECK ssize_t spool_frame_read(struct slice bytes, uint64_t offset,
				    struct spool_frame *out);
/* the size of the frame that begins here; 0 when its header is partial or corrupt */
size_t spool_frame_size(struct slice bytes, uint64_t offset);
/* of bytes that begin with something corrupt: how many to skip until a frame begins
 * that is valid, or may be (it is partial); all of them when there is none */
size_t spool_frame_skip(struct slice bytes, uint64_t offset);

#endif
