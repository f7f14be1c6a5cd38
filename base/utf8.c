/* utf8.c - RFC 3629 section 4, table of well-formed sequences */
#include "base/utf8.h"

#include <stdint.h>

static bool in_range(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

/* the second byte's range keeps out overlong forms, surrogates and above U+10FFFF */
static bool second_ok(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return in_range(second, 0xa0, 0xbf);
	case 0xed:
		return in_range(second, 0x80, 0x9f);
	case 0xf0:
		return in_range(second, 0x90, 0xbf);
	case 0xf4:
		return in_range(second, 0x80, 0x8f);
	default:
		return in_range(second, 0x80, 0xbf);
	}
}

static size_t width_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (in_range(first, 0xc2, 0xdf))
		return 2;
	if (in_range(first, 0xe0, 0xef))
		return 3;
	if (in_range(first, 0xf0, 0xf4))
		return 4;
	return 0;
}

size_t utf8_sequence(struct slice s)
{
	const unsigned char *bytes = (const unsigned char *)s.ptr;
	size_t width = s.len == 0 ? 0 : width_of(bytes[0]);

	if (width <= 1)
		return width;
	if (width > s.len || !second_ok(bytes[0], bytes[1]))
		return 0;
	for (size_t i = 2; i < width; i++) {
		if (!in_range(bytes[i], 0x80, 0xbf))
			return 0;
	}
	return width;
}

static bool has_high_bytes(struct slice bytes)
{
	uint64_t seen = 0;
	size_t at = 0;

	for (; at + 8 <= bytes.len; at += 8) {
		uint64_t word;

		memcpy(&word, bytes.ptr + at, 8);
		seen |= word;
	}
	for (; at < bytes.len; at++)
		seen |= (unsigned char)bytes.ptr[at] & 0x80;
	return (seen & UINT64_C(0x8080808080808080)) != 0;
}

bool utf8_valid(struct slice s)
{
	if (!has_high_bytes(s))
		return true;
	while (s.len > 0) {
		size_t width = utf8_sequence(s);

		if (width == 0)
			return false;
		s = slice_from(s, width);
	}
	return true;
}
