/* cursor.c - kind, value and id, little endian, in base64url */
#include "api/cursor.h"

#include <sodium.h>

#define CURSOR_BYTES 17
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(sodium_base64_ENCODED_LEN(CURSOR_BYTES, VARIANT) <= CURSOR_TEXT_SIZE,
	       "a cursor's text fits");

static void put64(unsigned char *out, int64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (unsigned char)((uint64_t)value >> (8 * i));
}

static int64_t get64(const unsigned char *bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return (int64_t)value;
}

void cursor_write(const struct cursor *cursor, char out[CURSOR_TEXT_SIZE])
{
	unsigned char bytes[CURSOR_BYTES] = { (unsigned char)cursor->kind };

	put64(bytes + 1, cursor->value);
	put64(bytes + 9, cursor->id);
	sodium_bin2base64(out, CURSOR_TEXT_SIZE, bytes, sizeof(bytes), VARIANT);
}

bool cursor_read(struct slice text, char kind, struct cursor *out)
{
	unsigned char bytes[CURSOR_BYTES];
	size_t len = 0;

	if (sodium_base642bin(bytes, sizeof(bytes), text.ptr, text.len, NULL, &len,
			      NULL, VARIANT) != 0 ||
	    len != sizeof(bytes) || (char)bytes[0] != kind)
		return false;
	*out = (struct cursor){ kind, get64(bytes + 1), get64(bytes + 9) };
	return true;
}
