/* proxy_header.c - versions 1 and 2 of the PROXY protocol */
#include "sources/proxy_header.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#define V1_MAX ((size_t)107)
#define V2_FIXED ((size_t)16)
#define V2_IPV4 12
#define V2_IPV6 36

static const char v1_begin[] = { 'P', 'R', 'O', 'X', 'Y', ' ' };
static const char v2_begin[] = { '\r', '\n', '\r', '\n', 0,   '\r',
				 '\n', 'Q',  'U',  'I',  'T', '\n' };

static void set_v4(struct proxy_client *client, const void *address)
{
	client->named = true;
	client->address = (struct in6_addr){ 0 };
	memset(&client->address.s6_addr[10], 0xff, 2);
	memcpy(&client->address.s6_addr[12], address, 4);
}

/* the next word of the line; false: there is none */
static bool take_word(struct slice *line, struct slice *word)
{
	const char *blank = memchr(line->ptr, ' ', line->len);
	size_t len = blank == NULL ? line->len : (size_t)(blank - line->ptr);

	*word = slice_head(*line, len);
	*line = slice_from(*line, blank == NULL ? len : len + 1);
	return len > 0;
}

static bool parse_address(struct slice word, int family, struct proxy_client *out)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (word.len >= sizeof(text))
		return false;
	memcpy(text, word.ptr, word.len);
	text[word.len] = '\0';
	if (family == AF_INET6) {
		out->named = true;
		return inet_pton(AF_INET6, text, &out->address) == 1;
	}
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	set_v4(out, &v4);
	return true;
}

static bool is_port(struct slice word)
{
	unsigned port = 0;

	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return false;
		port = port * 10 + (unsigned)(word.ptr[i] - '0');
	}
	return word.len >= 1 && word.len <= 5 && port <= UINT16_MAX;
}

/* without "PROXY " and the line's end */
static bool parse_line(struct slice line, struct proxy_client *out)
{
	struct proxy_client receiver = { 0 };
	struct slice words[5];
	int family = AF_INET;

	if (!take_word(&line, &words[0]))
		return false;
	/* what comes behind it is to be ignored */
	if (slice_equal(words[0], SLICE("UNKNOWN")))
		return true;
	for (size_t i = 1; i < 5; i++) {
		if (!take_word(&line, &words[i]))
			return false;
	}
	if (slice_equal(words[0], SLICE("TCP6")))
		family = AF_INET6;
	else if (!slice_equal(words[0], SLICE("TCP4")))
		return false;
	return line.len == 0 && parse_address(words[1], family, out) &&
	       parse_address(words[2], family, &receiver) && is_port(words[3]) &&
	       is_port(words[4]);
}

static ssize_t read_v1(struct slice bytes, struct proxy_client *out)
{
	struct slice most = slice_head(bytes, V1_MAX);
	const char *end = memchr(most.ptr, '\n', most.len);
	size_t len = end == NULL ? 0 : (size_t)(end - most.ptr);

	if (end == NULL)
		return bytes.len < V1_MAX ? PROXY_PARTIAL : PROXY_MALFORMED;
	if (len <= sizeof(v1_begin) || most.ptr[len - 1] != '\r' ||
	    !parse_line(slice_from(slice_head(most, len - 1), sizeof(v1_begin)), out))
		return PROXY_MALFORMED;
	return (ssize_t)len + 1;
}

/* bytes 12 and 13 are version and command, family and transport */
static ssize_t read_v2(struct slice bytes, struct proxy_client *out)
{
	const unsigned char *p = (const unsigned char *)bytes.ptr;
	size_t len = 0;

	if (bytes.len < V2_FIXED)
		return PROXY_PARTIAL;
	len = (size_t)p[14] << 8 | p[15];
	if (p[12] >> 4 != 2 || (p[12] & 15) > 1 || V2_FIXED + len > PROXY_HEADER_MAX)
		return PROXY_MALFORMED;
	if (bytes.len < V2_FIXED + len)
		return PROXY_PARTIAL;
	if ((p[12] & 15) == 0)
		return (ssize_t)(V2_FIXED + len);
	if (p[13] == 0x11) {
		if (len < V2_IPV4)
			return PROXY_MALFORMED;
		set_v4(out, p + V2_FIXED);
	} else if (p[13] == 0x21) {
		if (len < V2_IPV6)
			return PROXY_MALFORMED;
		out->named = true;
		memcpy(&out->address, p + V2_FIXED, sizeof(out->address));
	}
	return (ssize_t)(V2_FIXED + len);
}

static bool may_begin(struct slice bytes, const char *begin, size_t len)
{
	return memcmp(bytes.ptr, begin, bytes.len < len ? bytes.len : len) == 0;
}

ssize_t proxy_header_read(struct slice bytes, struct proxy_client *out)
{
	*out = (struct proxy_client){ 0 };
	if (bytes.len == 0)
		return PROXY_PARTIAL;
	if (may_begin(bytes, v2_begin, sizeof(v2_begin)))
		return read_v2(bytes, out);
	if (may_begin(bytes, v1_begin, sizeof(v1_begin)))
		return read_v1(bytes, out);
	return PROXY_MALFORMED;
}
