/* test_notify.c - which addresses are refused, how secrets are sealed, messages signed
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "sinks/channel_seal.h"
#include "sinks/http_client.h"
#include "sinks/keyring.h"
#include "sinks/notify_sign.h"

static const struct {
	const char *address;
	bool refused;
	bool is_private;
} addresses[] = {
	{ "127.0.0.1", false, true },
	{ "10.0.0.1", false, true },
	{ "192.0.2.7", false, false },
	{ "169.253.255.255", false, false },
	{ "169.254.0.0", true, false },
	{ "169.254.169.254", true, false },
	{ "169.255.0.0", false, false },
	{ "100.100.100.199", false, true },
	{ "100.100.100.200", true, true },
	{ "100.63.255.255", false, false },
	{ "172.16.0.1", false, true },
	{ "172.32.0.1", false, false },
	{ "192.168.1.1", false, true },
	{ "64:ff9b::10.0.0.1", false, true },
	{ "0.0.0.0", true, true },
	{ "0.1.2.3", true, true },
	{ "223.255.255.255", false, false },
	{ "224.0.0.1", true, false },
	{ "255.255.255.255", true, false },
	{ "::1", false, true },
	{ "::", true, true },
	{ "2001:db8::1", false, false },
	{ "fe80::1", true, false },
	{ "febf::1", true, false },
	{ "fec0::1", false, true },
	{ "fd00::1", false, true },
	{ "fd00:ec2::254", true, true },
	{ "ff02::1", true, false },
	{ "::ffff:127.0.0.1", false, true },
	{ "::ffff:169.254.169.254", true, false },
	{ "64:ff9b::169.254.169.254", true, false },
	{ "64:ff9b::192.0.2.7", false, false },
	{ "2002:a9fe:a9fe::1", true, false },
	{ "2002:c000:207::1", false, false },
};

static bool is_refused(bool link_local, bool private_networks, const char *text)
{
	const struct http_client_bans bans = { link_local, private_networks };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return http_client_is_refused(&bans, (struct sockaddr *)&in);
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		fail_msg("%s is no address", text);
	return http_client_is_refused(&bans, (struct sockaddr *)&in6);
}

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		const char *text = addresses[i].address;
		bool link_local = addresses[i].refused;
		bool private_one = addresses[i].is_private;

		if (is_refused(true, false, text) != link_local ||
		    is_refused(false, true, text) != private_one ||
		    is_refused(true, true, text) != (link_local || private_one) ||
		    is_refused(false, false, text))
			fail_msg("%s", text);
	}
}

static char folder[] = "/tmp/siftd-keyring-XXXXXX";
static char path[64];

static void write_keys(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static struct keyring *load(void)
{
	struct keyring *keyring = NULL;
	struct error error = { 0 };

	if (keyring_load(path, &keyring, &error) < 0)
		fail_msg("%s", error.text);
	return keyring;
}

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static void test_key_file(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		bool good;
	} files[] = {
		{ KEY_A, 0600, true },        { KEY_A KEY_B, 0400, true },
		{ KEY_A, 0640, false },       { KEY_A, 0604, false },
		{ "", 0600, false },          { "00ff\n", 0600, false },
		{ KEY_A "x\n", 0600, false },
	};
	struct keyring *made = NULL;
	struct keyring *again = NULL;
	struct stat found;

	(void)state;
	/* it is made, once */
	made = load();
	again = load();
	assert_string_equal(keyring_id(made), keyring_id(again));
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	keyring_free(&made);
	keyring_free(&again);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct keyring *keyring = NULL;
		struct error error = { 0 };

		write_keys(files[i].text, files[i].mode);
		assert_int_equal(keyring_load(path, &keyring, &error),
				 files[i].good ? 0 : -1);
		assert_true(files[i].good == (error.text[0] == '\0'));
		keyring_free(&keyring);
		assert_int_equal(unlink(path), 0);
	}
}

static int open_it(const struct keyring *keyring, const struct channel_place *place,
		   const struct buf *sealed, const char *expected)
{
	struct buf plain = { 0 };
	struct error error = { 0 };
	int status = channel_open(keyring, place, buf_slice(sealed), &plain, &error);

	if (status == 0)
		assert_true(slice_equal(buf_slice(&plain), slice_str(expected)));
	else
		assert_true(error.text[0] != '\0' && plain.len == 0);
	buf_deinit(&plain);
	return status;
}

static void test_seal(void **state)
{
	const struct channel_place place = { 7, CHANNEL_SECRET };
	const struct channel_place elsewhere = { 8, CHANNEL_SECRET };
	const struct channel_place other = { 7, CHANNEL_URL };
	struct keyring *old = NULL;
	struct keyring *both = NULL;
	struct keyring *new = NULL;
	struct buf sealed = { 0 };
	struct buf twice = { 0 };

	(void)state;
	write_keys(KEY_A, 0600);
	old = load();
	write_keys(KEY_B KEY_A, 0600);
	both = load();
	write_keys(KEY_B, 0600);
	new = load();
	channel_seal(old, &place, SLICE("a secret"), &sealed);
	channel_seal(old, &place, SLICE("a secret"), &twice);
	assert_null(memmem(sealed.data, sealed.len, "secret", 6));
	assert_false(slice_equal(buf_slice(&sealed), buf_slice(&twice)));
	assert_int_equal(open_it(old, &place, &sealed, "a secret"), 0);
	/* rotation: the old key still opens, then no more */
	assert_int_equal(open_it(both, &place, &sealed, "a secret"), 0);
	assert_int_equal(open_it(new, &place, &sealed, ""), -1);
	/* not in another place */
	assert_int_equal(open_it(old, &elsewhere, &sealed, ""), -1);
	assert_int_equal(open_it(old, &other, &sealed, ""), -1);
	/* nor changed anywhere, nor cut */
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 1;
		assert_int_equal(open_it(old, &place, &sealed, ""), -1);
		sealed.data[i] ^= 1;
	}
	while (sealed.len-- > 1)
		assert_int_equal(open_it(old, &place, &sealed, ""), -1);
	buf_deinit(&sealed);
	buf_deinit(&twice);
	keyring_free(&old);
	keyring_free(&both);
	keyring_free(&new);
	assert_int_equal(unlink(path), 0);
}

static void test_server(void **state)
{
	static const char *const cases[][2] = {
		{ "https://hooks.example/T0/B0/secret", "hooks.example" },
		{ "http://a:pass@word@h:9093/x", "h:9093" },
		{ "http://h?token=@x", "h" },
		{ "http://[::1]:80/", "[::1]:80" },
		{ "kafka:findings", "kafka:findings" },
		{ "nothing", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(slice_equal(channel_server(slice_str(cases[i][0])),
					slice_str(cases[i][1])));
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/keys", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
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
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_seal),      cmocka_unit_test(test_server),
		cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
