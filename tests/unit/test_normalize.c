/* test_normalize.c - lines and the templates that they must give */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "pipeline/format.h"
#include "pipeline/normalize.h"
#include "pipeline/template.h"

static struct tokens tokens;

static void normalize(const char *line)
{
	static struct record record;

	record = (struct record){ .body = slice_str(line), .raw = slice_str(line) };
	normalize_record(&record, &tokens);
}

static void assert_text(const char *expected)
{
	struct template *template = template_new(&tokens);
	struct buf text = { 0 };

	assert_non_null(template);
	template_render(template, TEMPLATE_TYPED, &text);
	buf_append_char(&text, '\0');
	assert_string_equal(text.data, expected);
	buf_deinit(&text);
	template_free(&template);
}

static const struct {
	const char *line;
	const char *expected;
} templates[] = {
	{ "", "" },
	{ "connection refused", "connection refused" },
	{ "took 12ms", "took <dur>" },
	{ "took 3.5 seconds.", "took <dur>." },
	{ "read 1024 bytes (1.0 KB) from disk", "read <size> from disk" },
	{ "from 10.0.0.1:8080 to 10.0.0.2", "from <ip> to <ip>" },
	{ "from 10.0.0.1 port 22", "from <ip> port <num>" },
	{ "peer fe80::1ff:fe23:4567:890a up", "peer <ip> up" },
	{ "mac 00:1b:44:11:3a:b7 seen", "mac <ip> seen" },
	{ "pointer 0x7fff5694dc58 freed", "pointer <hex> freed" },
	{ "id 550e8400-e29b-41d4-a716-446655440000 done", "id <uuid> done" },
	{ "open /var/log/messages: denied", "open <path>: denied" },
	{ "open C:\\Windows\\system32\\cmd.exe failed", "open <path> failed" },
	{ "GET https://example.org/a?b=1 ok", "GET <url> ok" },
	{ "at 2016/9/27:20:30:31.455 it began", "at <time> it began" },
	{ "on Sun Dec 04 04:47:44 2005 it began", "on <time> it began" },
	{ "due 2024-01-05T10:11:12Z, late", "due <time>, late" },
	{ "block blk_-1608999687919862906 lost", "block blk_<num> lost" },
	{ "slots 1, 2, 3, 4 are free", "slots <num> are free" },
	{ "mail to bob42@example.org sent", "mail to <email> sent" },
	{ "Invalid user user from 10.1.1.1", "Invalid user user from <ip>" },
	{ "----- begin -----", "-- begin --" },
	{ "\"GET /users/42/orders?x=1 HTTP/1.1\" 204 17",
	  "GET /users/<id>/orders 2xx" },
	{ "\"GET / HTTP/1.1\" 500 17", "GET / 5xx" },
	{ "\"GET /api/v1/a", "\"GET <path>" },
	{ "Request failed\njava.io.IOException: x\n\tat a.B.c(B.java:12)\n\tat a.D.e(D.java:1)"
	  "\nCaused by: a.b.FooError: 1",
	  "Request failed java.io.IOException a.b.FooError a.B.c a.D.e" },
	{ "Traceback (most recent call last):\n  File \"/a/b.py\", line 3, in f\n    g()\n"
	  "ValueError: bad 12",
	  "Traceback (most recent call last ValueError f" },
	{ "count=5, size=12KB", "count=<num>, size=<size>" },
	{ "ws=WorkSource{10113}, uid=1", "ws=<*>, uid=<num>" },
	{ "mac 13:81:09:d3:0a:5e seen", "mac <ip> seen" },
	{ "tables [orders, users] dropped", "tables [<*>] dropped" },
	{ "pods=[web-a web-b web-c] n=1", "pods=[<*>] n=<num>" },
	{ "path=[a=1, b=2] end", "path=[a=<num>, b=<num>] end" },
	{ "uri=/ done", "uri=<path> done" },
	{ "request: \"GET /\" failed", "request: \"GET <path>\" failed" },
	{ "read / write", "read / write" },
	{ "x=-5, y -5 and 3 - 5", "x=<num>, y <num> and <num>" },
	{ "waiting .......", "waiting ..." },
	{ "from 10.0.0.1: 11: bye", "from <ip>: <num>: bye" },
	{ "(TID 3). 12 bytes sent", "(TID <num>). <size> sent" },
	{ "lease for [X_1_2] for 3 s", "lease for [<id>] for <dur>" },
	{ "jk2_init() by ssh2 on eth0", "jk2_init() by ssh2 on eth<num>" },
	{ "on interface enp3s0, 10.0.0.1#53", "on interface <id>, <id>" },
};

static void test_templates(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		normalize(templates[i].line);
		assert_text(templates[i].expected);
	}
}

/* lines that must, or must not, have one fingerprint */
static const struct {
	const char *a;
	const char *b;
	bool equal;
} pairs[] = {
	{ "user 12 logged in", "user 99 logged in", true },
	{ "ids [1, 2]", "ids [1, 2, 3, 4]", true },
	{ "a=1 b=2 a=3 b=4", "a=1 b=2", true },
	{ "blk_1, blk_2, blk_3", "blk_9", true },
	{ "took 5 ms", "took 6 s", true },
	{ "x\n\tat a.B.c(B.java:12)", "x\n\tat a.B.c(B.java:99)", true },
	{ "x\n\tat a.B.c(B.java:12)", "x\n\tat a.B.d(B.java:12)", false },
	{ "\"GET /u/1 HTTP/1.1\" 200", "\"GET /u/2 HTTP/1.0\" 201 5", true },
	{ "\"GET /u/1 HTTP/1.1\" 200", "\"GET /u/1 HTTP/1.1\" 500", false },
	{ "\"GET /u HTTP/1.1\" 200", "\"PUT /u HTTP/1.1\" 200", false },
	{ "link up", "link down", false },
	{ "from [a, b]", "from [a, b, c]", true },
	{ "err=\"no \\\"a b\\\" in c\" x=1", "err=\"no \\\"d\\\"\" x=1", false },
	{ "job on node-17.dc1, host a1.b2", "job on node-9.dc2, host a1.b3", true },
	{ "blk_1_2 blk_3_4", "blk_1_2", true },
	{ "eth0 up", "eth0 is up", false },
	{ "ready=true", "ready=false", false },
};

static void test_fingerprints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		uint64_t a = 0;

		normalize(pairs[i].a);
		a = normalize_fingerprint(&tokens);
		normalize(pairs[i].b);
		if ((a == normalize_fingerprint(&tokens)) != pairs[i].equal)
			fail_msg("%s | %s", pairs[i].a, pairs[i].b);
	}
}

static uint64_t fingerprint_with_keys(const char *message, const char *a, const char *b)
{
	static struct record record;

	record = (struct record){ .body = slice_str(message), .format = FORMAT_JSON };
	record_add_attribute(&record, slice_str(a), SLICE("1"));
	if (b != NULL)
		record_add_attribute(&record, slice_str(b), SLICE("2"));
	normalize_record(&record, &tokens);
	return normalize_fingerprint(&tokens);
}

static void test_json_is_message_and_keys(void **state)
{
	uint64_t both = fingerprint_with_keys("user 1 joined", "id", "ip");

	(void)state;
	assert_true(both == fingerprint_with_keys("user 2 joined", "ip", "id"));
	assert_true(both != fingerprint_with_keys("user 1 joined", "id", NULL));
	assert_true(both != fingerprint_with_keys("user 1 left", "id", "ip"));
	assert_text("user <num> left");
	(void)fingerprint_with_keys("{\"b\":1,\"a\":2}", "b", "a");
	assert_text("a b");
}

/* stored for ever: a change needs a new NORMALIZE_VERSION */
static void test_fingerprint_is_stable(void **state)
{
	(void)state;
	normalize("Failed password for root from 10.0.0.1 port 22 ssh2");
	assert_int_equal(normalize_fingerprint(&tokens), 0xd0b62e7f81d9778bULL);
}

static void test_template_survives_serialising(void **state)
{
	struct template *template = NULL;
	struct template *again = NULL;

	(void)state;
	normalize("read blk_17 of 10.0.0.1 (user bob): \xff failed!");
	template = template_new(&tokens);
	again = template_parse(slice_of(template->bytes, template->bytes_len));
	assert_non_null(again);
	assert_int_equal(template_fingerprint(again, NORMALIZE_VERSION),
			 normalize_fingerprint(&tokens));
	template_free(&again);
	/* no prefix is a template */
	for (size_t len = 0; len < template->bytes_len; len++)
		assert_null(template_parse(slice_of(template->bytes, len)));
	template_free(&template);
}

static void test_variables(void **state)
{
	struct variable found[8];
	uint64_t wild[WILD_WORDS] = { 0 };

	(void)state;
	normalize("user bob from 10.0.0.1 retry=3 blk_77 took 12ms then 13ms");
	wild_add(wild, 1);
	assert_int_equal(normalize_variables(&tokens, wild, found, 8), 6);
	assert_true(slice_equal(found[0].value, SLICE("bob")));
	assert_string_equal(found[1].name, "ip");
	assert_string_equal(found[2].name, "retry");
	assert_true(slice_equal(found[2].value, SLICE("3")));
	assert_true(slice_equal(found[3].value, SLICE("77")));
	assert_string_equal(found[4].name, "dur");
	assert_string_equal(found[5].name, "dur2");
	assert_int_equal(normalize_variables(&tokens, NULL, found, 2), 2);
}

/* longer than a span's counters hold, alone between its neighbours and at both ends */
static void test_long_rules(void **state)
{
	static const char *const marks = "-*#.=_/+";
	char line[400];

	(void)state;
	for (const char *mark = marks; *mark != '\0'; mark++) {
		for (size_t len = 250; len < 260; len++) {
			memset(line, *mark, len);
			line[len] = '\0';
			normalize(line);
			assert_true(tokens.count <= 1);
			memcpy(line + len, " x", 3);
			normalize(line);
			assert_true(tokens.count >= 1 && tokens.count <= 2);
			assert_true(tokens.items[tokens.count - 1].begin == len + 1);
		}
	}
}

static void test_many_tokens_are_cut(void **state)
{
	struct buf line = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&line, "word%c%c ", 'a' + i % 26, 'a' + i / 26 % 26);
	buf_append_char(&line, '\0');
	normalize(line.data);
	assert_true(tokens.cut);
	assert_int_equal(tokens.count, TOKENS_MAX);
	buf_deinit(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_json_is_message_and_keys),
		cmocka_unit_test(test_fingerprint_is_stable),
		cmocka_unit_test(test_template_survives_serialising),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_long_rules),
		cmocka_unit_test(test_many_tokens_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
