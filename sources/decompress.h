/* decompress.h - reads plain, gzip (RFC 1952), zstd (RFC 8878) and UTF-16 bytes alike
 *
 * Threads: one owner at a time. Owner: decompress_free; output lies in the caller's
 *space. Limits: output is made piece by piece, so a bomb costs time, not memory; zstd
 *windows above DECOMPRESS_WINDOW_LOG_MAX are refused.
 *
 * What it is shows in the first bytes. Several members or frames one after the other
 *are one stream, as gzip -d and zstd -d read them.
 *
 *	decompress_feed(d, bytes, is_last);
 *	while ((status = decompress_next(d, space, size, &len, error)) > 0)
 *		... len bytes of space ...
 */
#ifndef SIFTD_SOURCES_DECOMPRESS_H
#define SIFTD_SOURCES_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

#define DECOMPRESS_WINDOW_LOG_MAX 27 /* 128 MiB, as zstd --long */

struct decompress;

/* whether bytes that begin so need decompressing at all; four of them are enough */
bool decompress_is_plain(struct slice begin);
struct decompress *decompress_new(void);
void decompress_free(struct decompress **decompress);
/* has what it reads an end of its own? UTF-16 has none: a log in it may grow */
bool decompress_has_end(const struct decompress *decompress);
/* the bytes must stay until decompress_next returned 0 */
void decompress_feed(struct decompress *decompress, struct slice bytes);
/* 1: *len bytes were written; 0: more input is needed; -1: the input is corrupt */
MUST_CHECK int decompress_next(struct decompress *decompress, char *space, size_t size,
			       size_t *len, struct error *error);
/* at the end of the input: -1 when a member or frame is not complete */
MUST_CHECK int decompress_finish(const struct decompress *decompress,
				 struct error *error);

#endif
