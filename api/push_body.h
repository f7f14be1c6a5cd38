/* push_body.h - a push's body, made plain
 *
 * Threads: any; pure.
 * Limits: bytes_max plain bytes; a bomb costs no more than that, and is PUSH_TOO_LARGE.
 */
#ifndef SIFTD_API_PUSH_BODY_H
#define SIFTD_API_PUSH_BODY_H

#include "api/push_decode.h"

struct push_body {
	struct slice bytes; /* as they came */
	bool snappy;        /* one raw block, which does not show in its first bytes */
	size_t bytes_max;
};

/* gzip and zstd are told by their first bytes. *plain borrows from the body, or lies in
 * space */
enum push_status push_body_open(const struct push_body *body, struct buf *space,
				struct slice *plain, struct error *error);

#endif
