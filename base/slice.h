/* slice.h - a borrowed run of bytes
 *
 * Threads: pure values, any thread.
 * Owner: a slice never owns; whoever made the bytes frees them. ptr may be NULL only
 *        when len is 0. Bytes may hold NUL and need not be UTF-8.
 */
#ifndef SIFTD_BASE_SLICE_H
#define SIFTD_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *ptr;
	size_t len;
};

/* of a string literal, without strlen */
#define SLICE(literal) ((struct slice){ "" literal "", sizeof(literal) - 1 })

static inline struct slice slice_of(const char *ptr, size_t len)
{
	return (struct slice){ ptr, len };
}

static inline struct slice slice_str(const char *str)
{
	return (struct slice){ str, strlen(str) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* the part from `offset` on; an offset past the end gives an empty slice at the end */
static inline struct slice slice_from(struct slice s, size_t offset)
{
	if (offset > s.len)
		offset = s.len;
	/* an empty slice may have no bytes to point into */
	return (struct slice){ offset == 0 ? s.ptr : s.ptr + offset, s.len - offset };
}

/* the first `len` bytes, or all of it when it is shorter */
static inline struct slice slice_head(struct slice s, size_t len)
{
	return (struct slice){ s.ptr, len < s.len ? len : s.len };
}

/* ASCII case-insensitive equality */
bool slice_equal_nocase(struct slice a, struct slice b);

/* bytewise order as of memcmp, shorter first on a tie: <0, 0, >0 */
int slice_compare(struct slice a, struct slice b);

/* without ASCII blanks (space, tab, CR, LF, VT, FF) at both ends */
struct slice slice_trim(struct slice s);

#endif
