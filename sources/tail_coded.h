/* tail_coded.h - the bytes behind a file that is compressed
 *
 * Threads: one owner at a time. Owner: tail_coded_free frees; the descriptor is the
 *          caller's. Limits: as decompress.h; it holds TAIL_CODED_RAW_BYTES of the
 * file.
 *
 * Offsets count decoded bytes. A file that ends in the middle of a member or frame may
 * still be written: what is there comes out, and more of it when the file has grown.
 */
#ifndef SIFTD_SOURCES_TAIL_CODED_H
#define SIFTD_SOURCES_TAIL_CODED_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sources/decompress.h"
#include "sources/tail_sum.h"

#define TAIL_CODED_RAW_BYTES ((size_t)65536)

/* what tail_copy.c does with it */
enum tail_coded_state { CODED_LOOK, CODED_CHECK, CODED_READ };

struct tail_coded {
	struct decompress *decompress;
	char *raw;
	int64_t raw_offset; /* in the file, of what was given to the decoder */
	int64_t offset;     /* of decoded bytes that came out */
	enum tail_coded_state state;
	struct tail_sum sum;   /* CHECK: of what came out */
	int64_t origin;        /* READ: so many bytes the origin's stream has stored */
	int64_t skip_to;       /* READ: bytes before it are passed over */
	uint64_t check_blocks; /* CHECK: the sum of the origin */
	uint64_t check_hash;
};

enum tail_coded_end {
	CODED_FULL,  /* as much as asked for */
	CODED_ENDS,  /* the file and its last member or frame end here */
	CODED_SHORT, /* the file ends in the middle of one */
	CODED_CORRUPT,
	CODED_UNREADABLE /* the file cannot be read just now */
};

struct tail_coded *tail_coded_new(enum tail_coded_state state, int64_t skip_to);
void tail_coded_free(struct tail_coded **coded);
/* from its beginning again */
void tail_coded_restart(struct tail_coded *coded, enum tail_coded_state state);
/* the next decoded bytes; fewer than asked for only at an end */
struct tail_piece {
	char *space;
	size_t room;
	size_t len;
};
MUST_CHECK enum tail_coded_end tail_coded_fill(struct tail_coded *coded, int fd,
					       struct tail_piece *piece,
					       struct error *error);

#endif
