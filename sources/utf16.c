/* utf16.c - bytes to units, units to characters, characters to UTF-8 */
#include "sources/utf16.h"

#define REPLACEMENT 0xfffdu

/* other bytes begin with FF FE too; a log's first character is one of Latin-1 */
bool utf16_begins(struct slice bytes)
{
	if (bytes.len < 4)
		return false;
	if (slice_starts_with(bytes, SLICE("\xff\xfe")))
		return bytes.ptr[2] != '\0' && bytes.ptr[3] == '\0';
	return slice_starts_with(bytes, SLICE("\xfe\xff")) && bytes.ptr[2] == '\0' &&
	       bytes.ptr[3] != '\0';
}

static void put(struct utf16 *utf16, uint32_t c)
{
	char *out = utf16->out + utf16->out_len;
	unsigned len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (unsigned i = len; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(leads[len] | c);
	utf16->out_len += len;
}

static void take_unit(struct utf16 *utf16, uint16_t unit)
{
	bool low = unit >= 0xdc00 && unit <= 0xdfff;
	uint32_t high = utf16->high;

	utf16->high = 0;
	if (high != 0 && low) {
		put(utf16, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00u));
		return;
	}
	if (high != 0)
		put(utf16, REPLACEMENT);
	if (unit >= 0xd800 && unit <= 0xdbff)
		utf16->high = unit;
	else
		put(utf16, low ? REPLACEMENT : unit);
}

static void take_byte(struct utf16 *utf16, unsigned char byte)
{
	unsigned first = utf16->byte;

	if (!utf16->has_byte) {
		utf16->byte = byte;
		utf16->has_byte = true;
		return;
	}
	utf16->has_byte = false;
	take_unit(utf16, (uint16_t)(utf16->big_endian ? first << 8 | byte
						      : (unsigned)byte << 8 | first));
}

size_t utf16_decode(struct utf16 *utf16, struct slice *bytes, char *space, size_t size)
{
	size_t len = 0;

	for (;;) {
		while (utf16->out_at < utf16->out_len && len < size)
			space[len++] = utf16->out[utf16->out_at++];
		if (utf16->out_at < utf16->out_len || bytes->len == 0)
			return len;
		utf16->out_at = 0;
		utf16->out_len = 0;
		take_byte(utf16, (unsigned char)bytes->ptr[0]);
		*bytes = slice_from(*bytes, 1);
	}
}

bool utf16_inside(const struct utf16 *utf16)
{
	return utf16->has_byte || utf16->high != 0;
}
