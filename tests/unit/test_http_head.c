/* test_http_head.c - heads of requests, good and bad, and bodies in chunks, split at
 * every byte
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/http_head.h"
#include "base/buf.h"
#include "base/mem.h"

#define HOST "Host: x\r\n"

static int parse(const char *text, char **bytes, struct http_head *head)
{
	*bytes = mem_strdup(text);
	return http_head_parse(*bytes, strlen(text), head);
}

static void test_statuses(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET / HTTP/1.0\r\n\r\n", 0 },
		{ "GET http://x/y?z HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET http://x HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "BREW / HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET / HTTP/1.1\r\n" HOST "A:\r\nB:  \r\nC: \xff\t\r\n\r\n", 0 },
		{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
		{ "GET / HTTP/1.11\r\n" HOST "\r\n", 505 },
		{ "GET / http/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\r\n" HOST "\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET / / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET x HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "G(T / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET / HTTP/1.1\n" HOST "\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: x\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "Ab\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 0 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
		  "content-length: 5\r\n\r\n",
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n" HOST
		  "Content-Length: 18446744073709551616\r\n\r\n",
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 0 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
		  501 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
		  "Content-Length: 5\r\n\r\n",
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400 },
		{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_head head = { 0 };
		char *bytes = NULL;
		int status = parse(cases[i].text, &bytes, &head);

		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].text, status);
		mem_free(bytes);
	}
}

static void test_fields(void **state)
{
	struct http_head head = { 0 };
	char *bytes = NULL;

	(void)state; /* none */
	assert_int_equal(parse("PATCH /a%20b/c?q=1?2 HTTP/1.1\r\nhOsT: x\r\n"
			       "Connection: TE, Close\r\nExpect: 100-Continue\r\n"
			       "X-A: \t b c \r\nX-a: second\r\nX-Empty:\r\n"
			       "Content-Length: 123456789012\r\n\r\n",
			       &bytes, &head),
			 0);
	assert_true(slice_equal(head.method, SLICE("PATCH")));
	assert_true(slice_equal(head.path, SLICE("/a%20b/c")));
	assert_true(slice_equal(head.query, SLICE("q=1?2")));
	assert_false(head.keep_alive);
	assert_true(head.expects_continue);
	assert_true(head.body_len == 123456789012);
	assert_string_equal(http_head_field(&head, "host"), "x");
	assert_string_equal(http_head_field(&head, "X-A"), "b c");
	assert_string_equal(http_head_field(&head, "x-empty"), "");
	assert_null(http_head_field(&head, "X-B"));
	mem_free(bytes);
	assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST "\r\n", &bytes, &head), 0);
	assert_true(head.keep_alive && !head.is_1_0 && !head.chunked);
	assert_int_equal(head.query.len, 0);
	mem_free(bytes);
}

static void test_too_many_fields(void **state)
{
	struct http_head head = { 0 };
	struct buf text = { 0 };

	(void)state; /* none */
	buf_append_str(&text, "GET / HTTP/1.1\r\n" HOST);
	for (size_t i = 1; i < HTTP_FIELDS_MAX; i++)
		buf_append_str(&text, "A: b\r\n");
	buf_append_str(&text, "\r\n");
	assert_int_equal(http_head_parse(text.data, text.len, &head), 0);
	buf_clear(&text);
	buf_append_str(&text, "GET / HTTP/1.1\r\n" HOST);
	for (size_t i = 0; i < HTTP_FIELDS_MAX; i++)
		buf_append_str(&text, "A: b\r\n");
	buf_append_str(&text, "\r\n");
	assert_int_equal(http_head_parse(text.data, text.len, &head), 431);
	buf_deinit(&text);
}

/* the body in pieces of at most `piece` bytes; what stands behind its end is counted */
static enum http_chunks_step read_chunks(struct slice text, size_t piece,
					 struct buf *body, size_t *rest)
{
	struct http_chunks chunks = { .state = CHUNK_SIZE };
	enum http_chunks_step step = CHUNKS_MORE;

	while (text.len > 0 && (step == CHUNKS_MORE || step == CHUNKS_DATA)) {
		struct slice data = { 0 };
		size_t taken = 0;

		step = http_chunks_step(&chunks, slice_head(text, piece), &taken,
					&data);
		if (step == CHUNKS_DATA)
			buf_append_slice(body, data);
		text = slice_from(text, taken);
	}
	*rest = text.len;
	return step;
}

static void test_chunks(void **state)
{
	static const struct {
		const char *text;
		enum http_chunks_step step;
		const char *body;
		size_t rest;
	} cases[] = {
		{ "0\r\n\r\n", CHUNKS_END, "", 0 },
		{ "5\r\nhello\r\n0\r\n\r\n", CHUNKS_END, "hello", 0 },
		{ "5\r\nhello\r\n00A\r\n worldwide\r\n0\r\n\r\nGET", CHUNKS_END,
		  "hello worldwide", 3 },
		{ "5;a=b\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\n", CHUNKS_END, "hello", 0 },
		{ "5 \r\nhello\r\n0\r\n\r\n", CHUNKS_END, "hello", 0 },
		{ "\r\n\r\n", CHUNKS_BAD, "", 2 },
		{ ";a\r\n\r\n", CHUNKS_BAD, "", 2 },
		{ "g\r\n", CHUNKS_BAD, "", 2 },
		{ "-1\r\n", CHUNKS_BAD, "", 3 },
		{ "5\nhello", CHUNKS_BAD, "", 5 },
		{ "5\rhello", CHUNKS_BAD, "", 4 },
		{ "5\r\nhello0\r\n\r\n", CHUNKS_BAD, "hello", 4 },
		{ "5\r\nhello\n0\r\n\r\n", CHUNKS_BAD, "hello", 5 },
		{ "5;a\nb\r\nhello", CHUNKS_BAD, "", 8 },
		{ "0000000000000000\r\n\r\n", CHUNKS_BAD, "", 4 },
		{ "0\r\nA: b\n\r\n", CHUNKS_BAD, "", 2 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice text = slice_str(cases[i].text);

		for (size_t piece = 1; piece <= text.len; piece++) {
			struct buf body = { 0 };
			size_t rest = 0;
			enum http_chunks_step step =
				read_chunks(text, piece, &body, &rest);

			if (step != cases[i].step || rest != cases[i].rest ||
			    !slice_equal(buf_slice(&body), slice_str(cases[i].body)))
				fail_msg("%s in pieces of %zu: step %d, rest %zu",
					 cases[i].text, piece, (int)step, rest);
			buf_deinit(&body);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
