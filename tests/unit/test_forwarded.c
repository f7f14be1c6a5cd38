/* test_forwarded.c - whom proxies name, and who is believed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/forwarded.h"
#include "base/mem.h"

static const char *const trusted[] = { "10.0.0.0/8", "::1", "2001:db8:1::/48" };

static void client_is(const char *header, const char *peer, const char *fields,
		      const char *expected)
{
	struct forwarded *forwarded = NULL;
	struct http_head head = { 0 };
	struct error error;
	char address[FORWARDED_ADDRESS_SIZE];
	char text[1024];
	char *bytes = NULL;

	(void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n",
		       fields);
	bytes = mem_strdup(text);
	assert_int_equal(http_head_parse(bytes, strlen(bytes), &head), 0);
	assert_int_equal(forwarded_new(trusted, 3, header, &forwarded, &error), 0);
	(void)snprintf(address, sizeof(address), "%s", peer);
	forwarded_client(forwarded, &head, address);
	assert_string_equal(address, expected);
	forwarded_free(&forwarded);
	mem_free(bytes);
}

#define XFF "X-Forwarded-For: "

static void test_x_forwarded_for(void **state)
{
	static const struct {
		const char *peer;
		const char *fields;
		const char *client;
	} cases[] = {
		{ "10.1.2.3", "", "10.1.2.3" },
		{ "10.1.2.3", XFF "192.0.2.7\r\n", "192.0.2.7" },
		{ "10.1.2.3", XFF "192.0.2.7:5061\r\n", "192.0.2.7" },
		{ "10.1.2.3", XFF "2001:db8::7\r\n", "2001:db8::7" },
		{ "10.1.2.3", XFF "[2001:db8::7]:443\r\n", "2001:db8::7" },
		{ "10.1.2.3", XFF "::ffff:192.0.2.7\r\n", "192.0.2.7" },
		{ "::1", XFF "192.0.2.7\r\n", "192.0.2.7" },
		/* nobody trusts this one */
		{ "192.0.2.1", XFF "192.0.2.7\r\n", "192.0.2.1" },
		{ "11.0.0.1", XFF "192.0.2.7\r\n", "11.0.0.1" },
		/* a client cannot put words in front of its proxy's */
		{ "10.1.2.3", XFF "198.51.100.1, 192.0.2.7\r\n", "192.0.2.7" },
		/* proxies behind proxies */
		{ "10.1.2.3", XFF "192.0.2.7, 2001:db8:1::5, 10.0.0.9\r\n",
		  "192.0.2.7" },
		{ "10.1.2.3", XFF "10.0.0.8, 10.0.0.9\r\n", "10.0.0.8" },
		/* fields of one name are one list */
		{ "10.1.2.3", XFF "192.0.2.7\r\n" XFF "10.0.0.9\r\n", "192.0.2.7" },
		{ "10.1.2.3", XFF "198.51.100.1\r\n" XFF "192.0.2.7\r\n", "192.0.2.7" },
		/* what is no address ends the way */
		{ "10.1.2.3", XFF "unknown\r\n", "10.1.2.3" },
		{ "10.1.2.3", XFF "192.0.2.7, , 10.0.0.9\r\n", "10.0.0.9" },
		{ "10.1.2.3", XFF ",\r\n", "10.1.2.3" },
		{ "10.1.2.3", XFF "[2001:db8::7\r\n", "10.1.2.3" },
		{ "10.1.2.3", "Forwarded: for=192.0.2.7\r\n", "10.1.2.3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		client_is("X-Forwarded-For", cases[i].peer, cases[i].fields,
			  cases[i].client);
}

static void test_forwarded(void **state)
{
	static const struct {
		const char *fields;
		const char *client;
	} cases[] = {
		{ "Forwarded: for=192.0.2.7\r\n", "192.0.2.7" },
		{ "Forwarded: proto=https;For=\"[2001:db8::7]:47011\";by=x\r\n",
		  "2001:db8::7" },
		{ "Forwarded: for=198.51.100.1, for=192.0.2.7;proto=http\r\n",
		  "192.0.2.7" },
		{ "Forwarded: for=192.0.2.7, for=10.0.0.9\r\n", "192.0.2.7" },
		{ "Forwarded: for=_hidden\r\n", "10.1.2.3" },
		{ "Forwarded: proto=https\r\n", "10.1.2.3" },
		{ "Forwarded: for=\"\r\n", "10.1.2.3" },
		{ XFF "192.0.2.7\r\n", "10.1.2.3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		client_is("Forwarded", "10.1.2.3", cases[i].fields, cases[i].client);
}

static void test_networks(void **state)
{
	static const struct {
		const char *network;
		const char *in; /* NULL: it is none */
		const char *out;
	} cases[] = {
		{ "192.0.2.0/25", "192.0.2.127", "192.0.2.128" },
		{ "192.0.2.4/30", "192.0.2.7", "192.0.2.8" },
		{ "192.0.2.1", "192.0.2.1", "192.0.2.0" },
		{ "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
		{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1" },
		{ "::/0", "2001:db8::1", "" },
		{ "192.0.2.0/33", NULL, NULL },
		{ "2001:db8::/129", NULL, NULL },
		{ "192.0.2.0/", NULL, NULL },
		{ "192.0.2.0/2x", NULL, NULL },
		{ "192.0.2.0/0008", NULL, NULL },
		{ "example.com", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forwarded *forwarded = NULL;
		struct error error;
		int status = forwarded_new(&cases[i].network, 1, "Forwarded",
					   &forwarded, &error);

		assert_int_equal(status, cases[i].in == NULL ? -1 : 0);
		if (status < 0)
			continue;
		assert_true(forwarded_trusts(forwarded, cases[i].in));
		assert_false(forwarded_trusts(forwarded, cases[i].out));
		forwarded_free(&forwarded);
	}
	assert_false(forwarded_trusts(NULL, "::1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x_forwarded_for),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
