/* buf.h - a byte buffer that grows
 *
 * Threads: one owner at a time. Owner: buf_deinit frees; buf_take hands the bytes over.
 * Limits: none of its own; callers bound what they append.
 *
 *   data [ ......bytes...... | free ]
 *        0                 len     capacity
 */
#ifndef SIFTD_BASE_BUF_H
#define SIFTD_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct buf {
	char *data;
	size_t len;
	size_t capacity;
};

void buf_deinit(struct buf *buf);
/* room for `more` further bytes */
void buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_append_slice(struct buf *buf, struct slice s);
void buf_append_str(struct buf *buf, const char *str);
void buf_append_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* little endian */
void buf_append_u32(struct buf *buf, uint32_t value);
void buf_append_u64(struct buf *buf, uint64_t value);
/* LEB128, at most 10 bytes */
void buf_append_varint(struct buf *buf, uint64_t value);

static inline void buf_clear(struct buf *buf)
{
	buf->len = 0;
}

static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){ buf->data, buf->len };
}

/* the bytes, NUL-terminated behind len, now the caller's to mem_free; buf is empty */
char *buf_take(struct buf *buf);

#endif
