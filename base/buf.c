/* buf.c - the growing byte buffer */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

void buf_deinit(struct buf *buf)
{
	mem_free(buf->data);
	*buf = (struct buf){ 0 };
}

void buf_reserve(struct buf *buf, size_t more)
{
	size_t wanted = buf->len + more;
	size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;

	if (wanted <= buf->capacity)
		return;
	while (capacity < wanted)
		capacity *= 2;
	buf->data = mem_realloc(buf->data, capacity, 1);
	buf->capacity = capacity;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(buf, len);
	memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
}

void buf_append_slice(struct buf *buf, struct slice s)
{
	buf_append(buf, s.ptr, s.len);
}

void buf_append_str(struct buf *buf, const char *str)
{
	buf_append(buf, str, strlen(str));
}

void buf_append_char(struct buf *buf, char c)
{
	buf_reserve(buf, 1);
	buf->data[buf->len++] = c;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_list again;
	int needed = 0;

	va_start(args, format);
	va_copy(again, args);
	needed = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (needed > 0) {
		buf_reserve(buf, (size_t)needed + 1);
		(void)vsnprintf(buf->data + buf->len, (size_t)needed + 1, format,
				again); /* measured above */
		buf->len += (size_t)needed;
	}
	va_end(again);
}

void buf_append_u32(struct buf *buf, uint32_t value)
{
	unsigned char bytes[4];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
	buf_append(buf, bytes, sizeof(bytes));
}

void buf_append_u64(struct buf *buf, uint64_t value)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
	buf_append(buf, bytes, sizeof(bytes));
}

void buf_append_varint(struct buf *buf, uint64_t value)
{
	unsigned char bytes[10];
	size_t len = 0;

	while (value >= 0x80) {
		bytes[len++] = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	bytes[len++] = (unsigned char)value;
	buf_append(buf, bytes, len);
}

char *buf_take(struct buf *buf)
{
	char *data = NULL;

	buf_reserve(buf, 1);
	buf->data[buf->len] = '\0';
	data = buf->data;
	*buf = (struct buf){ 0 };
	return data;
}
