/* fuzz_http.c - any bytes as the head of a request, a body in chunks, or a form
 *
 * The first byte chooses. What a head holds goes where the server would take it: to the
 * table of routes, the query string's readers, the credential and the list of proxies.
 * A body in chunks gives the same bytes whether it comes whole or a byte at a time.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/credential.h"
#include "api/event_filter.h"
#include "api/forwarded.h"
#include "api/http_head.h"
#include "api/multipart.h"
#include "api/routes.h"
#include "base/buf.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void use_query(struct slice text)
{
	struct arena arena = { 0 };
	struct query query = { 0 };
	struct event_filter filter = { 0 };
	const char *field = NULL;
	struct error error;

	if (query_parse(text, &arena, &query, &error) == 0) {
		if (event_filter_from_query(&query, &filter, &field, &error) < 0)
			check(field != NULL && error.text[0] != '\0');
		event_filter_deinit(&filter);
	} else {
		check(error.text[0] != '\0');
	}
	arena_deinit(&arena);
}

/* whatever proxies write, what comes of it is an address */
static void use_proxies(const struct http_head *head)
{
	static const char *const everybody[] = { "0.0.0.0/0", "::/0" };
	static const char *const headers[] = { "X-Forwarded-For", "Forwarded" };

	for (size_t i = 0; i < 2; i++) {
		struct forwarded *forwarded = NULL;
		struct error error;
		char address[FORWARDED_ADDRESS_SIZE] = "192.0.2.1";

		check(forwarded_new(everybody, 2, headers[i], &forwarded, &error) == 0);
		forwarded_client(forwarded, head, address);
		check(forwarded_trusts(forwarded, address));
		forwarded_free(&forwarded);
	}
}

static void use_head(const struct http_head *head)
{
	struct route_params params = { 0 };
	struct credential credential = { 0 };
	struct arena arena = { 0 };
	unsigned allowed = 0;

	check(head->path.len > 0 && head->fields_count <= HTTP_FIELDS_MAX);
	check(!head->chunked || head->body_len == 0);
	for (size_t i = 0; i < head->fields_count; i++)
		check(head->fields[i].name.len > 0 &&
		      strpbrk(head->fields[i].value, "\r\n") == NULL);
	(void)route_find(&api_routes, ROUTE_GET, head->path, &params, &allowed);
	use_query(head->query);
	use_proxies(head);
	if (credential_of_header(http_head_field(head, "authorization"), &arena,
				 &credential))
		check(credential.text.len > 0);
	arena_deinit(&arena);
}

static void read_head(struct slice input)
{
	char *bytes = mem_alloc(input.len + 1);
	struct http_head head = { 0 };
	int status = 0;

	memcpy(bytes, input.ptr, input.len);
	status = http_head_parse(bytes, input.len, &head);
	check(status == 0 || status == 400 || status == 431 || status == 501 ||
	      status == 505);
	if (status == 0)
		use_head(&head);
	mem_free(bytes);
}

/* false: the body is malformed */
static bool read_chunks(struct slice bytes, size_t piece, struct buf *out)
{
	struct http_chunks chunks = { 0 };

	while (bytes.len > 0) {
		struct slice some = slice_head(bytes, piece);
		struct slice data = { 0 };
		size_t taken = 0;
		enum http_chunks_step step =
			http_chunks_step(&chunks, some, &taken, &data);

		check(taken <= some.len && data.len <= taken);
		if (step == CHUNKS_BAD)
			return false;
		if (step == CHUNKS_DATA)
			buf_append_slice(out, data);
		if (step == CHUNKS_END)
			return true;
		check(taken > 0);
		bytes = slice_from(bytes, taken);
	}
	return true;
}

static void compare_chunks(struct slice input)
{
	struct buf whole = { 0 };
	struct buf bytewise = { 0 };
	bool good = read_chunks(input, SIZE_MAX, &whole);

	check(read_chunks(input, 1, &bytewise) == good);
	check(!good || slice_equal(buf_slice(&whole), buf_slice(&bytewise)));
	buf_deinit(&whole);
	buf_deinit(&bytewise);
}

/* the first line is the Content-Type */
static void read_form(struct slice input)
{
	const char *end = memchr(input.ptr, '\n', input.len);
	struct multipart_file file = { 0 };
	struct slice boundary = { 0 };
	struct error error;
	char *type = NULL;

	if (end == NULL)
		return;
	type = mem_slice_dup(slice_of(input.ptr, (size_t)(end - input.ptr)));
	boundary = multipart_boundary(type);
	input = slice_from(input, (size_t)(end - input.ptr) + 1);
	if (boundary.ptr != NULL &&
	    multipart_find(input, boundary, SLICE("file"), &file, &error) == 0)
		check(file.content.len <= input.len);
	mem_free(type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { 0 };

	if (size < 2)
		return 0;
	input = slice_of((const char *)data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		read_head(input);
		break;
	case 1:
		compare_chunks(input);
		break;
	case 2:
		read_form(input);
		break;
	default:
		use_query(input);
		break;
	}
	return 0;
}
