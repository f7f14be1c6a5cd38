/* utf16.h - UTF-16 to UTF-8, piece by piece
 *
 * Threads: one owner at a time. Owner: the caller; nothing to free. Limits: none.
 *
 * Windows programs write logs so. A surrogate without its other half becomes U+FFFD, as
 * Unicode recommends (chapter 3.9); the byte order mark says which byte comes first,
 * and is no part of the text.
 */
#ifndef SIFTD_SOURCES_UTF16_H
#define SIFTD_SOURCES_UTF16_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct utf16 {
	bool big_endian;
	bool has_byte; /* the first of a unit */
	unsigned char byte;
	uint16_t high; /* surrogate that waits for a low one; 0: none */
	char out[6];   /* made, and not yet given out; two characters at most */
	unsigned out_len;
	unsigned out_at;
};

/* do these bytes begin with a byte order mark and a character of Latin-1 in UTF-16?
 * Four of them are enough to tell */
bool utf16_begins(struct slice bytes);
/* the bytes written into space; *bytes is moved on by what was used */
size_t utf16_decode(struct utf16 *utf16, struct slice *bytes, char *space, size_t size);
/* in the middle of a character? */
bool utf16_inside(const struct utf16 *utf16);

#endif
