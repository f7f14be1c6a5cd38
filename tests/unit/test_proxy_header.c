/* test_proxy_header.c - headers of both versions, whole and at every cut */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/compiler.h"
#include "sources/proxy_header.h"

#define BYTES(literal)                                                                 \
	{                                                                              \
		"" literal "", sizeof(literal) - 1                                     \
	}
#define V2 "\r\n\r\n\0\r\nQUIT\n"

struct header_case {
	struct slice bytes;
	const char *client; /* NULL: nobody is named */
	bool malformed;
};

static const struct header_case cases[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.7 5061 514\r\n"), "::ffff:192.0.2.1",
	  false },
	{ BYTES("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), "2001:db8::1", false },
	{ BYTES("PROXY UNKNOWN\r\n"), NULL, false },
	{ BYTES("PROXY UNKNOWN ffff::1 what ever\r\n"), NULL, false },
	{ BYTES(V2 "\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x07\x13\xc5\x02\x02"),
	  "::ffff:192.0.2.1", false },
	/* with a TLV of 3 bytes behind the addresses */
	{ BYTES(V2
		"\x21\x11\0\x0f\xc0\0\x02\x01\xc6\x33\x64\x07\x13\xc5\x02\x02\x04\0\0"),
	  "::ffff:192.0.2.1", false },
	{ BYTES(V2 "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
		   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x13\xc5\x02\x02"),
	  "2001:db8::1", false },
	{ BYTES(V2 "\x20\0\0\0"), NULL, false },     /* LOCAL */
	{ BYTES(V2 "\x21\0\0\x02xy"), NULL, false }, /* an unknown family */
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.7 5061 514\n"), NULL, true },
	{ BYTES("PROXY TCP4 192.0.2 198.51.100.7 5061 514\r\n"), NULL, true },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.7 5061\r\n"), NULL, true },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.7 5061 65536\r\n"), NULL, true },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.7 5061 514 1\r\n"), NULL, true },
	{ BYTES("PROXY TCP5 192.0.2.1 198.51.100.7 5061 514\r\n"), NULL, true },
	{ BYTES("PROXY TCP6 192.0.2.1 198.51.100.7 5061 514\r\n"), NULL, true },
	{ BYTES("PROXY  TCP4 192.0.2.1 198.51.100.7 5061 514\r\n"), NULL, true },
	{ BYTES("PROXY \r\n"), NULL, true },
	{ BYTES("<13>1 - - - - - no header\n"), NULL, true },
	{ BYTES(V2 "\x31\x11\0\x0c"), NULL, true },         /* version 3 */
	{ BYTES(V2 "\x22\x11\0\x0c"), NULL, true },         /* command 2 */
	{ BYTES(V2 "\x21\x11\0\x04\1\2\3\4"), NULL, true }, /* too short for IPv4 */
	{ BYTES(V2 "\x21\x11\xff\xff"), NULL, true },       /* beyond the bound */
	/* 108 bytes without an end */
	{ BYTES("PROXY UNKNOWN 456789012345678901234567890123456789012345678901234567890"
		"12345678901234567890123456789012345678901234567890"),
	  NULL, true },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header_case *c = &cases[i];
		struct proxy_client client;
		char text[INET6_ADDRSTRLEN] = "";
		ssize_t n = proxy_header_read(c->bytes, &client);

		if (c->malformed) {
			assert_int_equal(n, PROXY_MALFORMED);
			continue;
		}
		assert_int_equal(n, c->bytes.len);
		assert_int_equal(client.named, c->client != NULL);
		if (c->client == NULL)
			continue;
		assert_non_null(
			inet_ntop(AF_INET6, &client.address, text, sizeof(text)));
		assert_string_equal(text, c->client);
	}
}

/* a cut header is partial, never wrong; what follows a whole one does not matter */
static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header_case *c = &cases[i];
		char more[256];
		struct proxy_client client;

		if (c->malformed)
			continue;
		for (size_t len = 0; len < c->bytes.len; len++)
			assert_int_equal(
				proxy_header_read(slice_head(c->bytes, len), &client),
				PROXY_PARTIAL);
		memset(more, '\n', sizeof(more));
		memcpy(more, c->bytes.ptr, c->bytes.len);
		assert_int_equal(
			proxy_header_read(slice_of(more, sizeof(more)), &client),
			c->bytes.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
