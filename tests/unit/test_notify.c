/* test_notify.c - which addresses are refused, and how a message is signed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/compiler.h"
#include "sinks/http_client.h"
#include "sinks/notify_sign.h"

static const struct {
	const char *address;
	bool refused;
} addresses[] = {
	{ "127.0.0.1", false },
	{ "10.0.0.1", false },
	{ "192.0.2.7", false },
	{ "169.253.255.255", false },
	{ "169.254.0.0", true },
	{ "169.254.169.254", true },
	{ "169.255.0.0", false },
	{ "100.100.100.199", false },
	{ "100.100.100.200", true },
	{ "0.0.0.0", true },
	{ "0.1.2.3", true },
	{ "223.255.255.255", false },
	{ "224.0.0.1", true },
	{ "255.255.255.255", true },
	{ "::1", false },
	{ "::", true },
	{ "2001:db8::1", false },
	{ "fe80::1", true },
	{ "febf::1", true },
	{ "fec0::1", false },
	{ "fd00::1", false },
	{ "fd00:ec2::254", true },
	{ "ff02::1", true },
	{ "::ffff:127.0.0.1", false },
	{ "::ffff:169.254.169.254", true },
	{ "64:ff9b::169.254.169.254", true },
	{ "64:ff9b::192.0.2.7", false },
	{ "2002:a9fe:a9fe::1", true },
	{ "2002:c000:207::1", false },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct sockaddr_in in = { .sin_family = AF_INET };
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
		bool refused = false;

		if (inet_pton(AF_INET, addresses[i].address, &in.sin_addr) == 1)
			refused = http_client_is_refused((struct sockaddr *)&in);
		else if (inet_pton(AF_INET6, addresses[i].address, &in6.sin6_addr) == 1)
			refused = http_client_is_refused((struct sockaddr *)&in6);
		else
			fail_msg("%s is no address", addresses[i].address);
		if (refused != addresses[i].refused)
			fail_msg("%s", addresses[i].address);
	}
}

/* printf '1764000000.{}' | openssl dgst -sha256 -hmac 'a key' */
static void test_signature(void **state)
{
	char out[NOTIFY_SIGNATURE_SIZE];

	(void)state;
	notify_sign(SLICE("a key"), 1764000000, SLICE("{}"), out);
	assert_string_equal(
		out,
		"X-Siftd-Signature: t=1764000000,v1=c9248450c7ab032e8ad3d2f111073777"
		"599b89dd34ff35d01a474bb38891030b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
