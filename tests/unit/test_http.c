/* test_http.c - the pure parts of the HTTP interface: routes, problems, tokens, limits,
 * forms
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "api/api_key.h"
#include "api/credential.h"
#include "api/limiter.h"
#include "api/multipart.h"
#include "api/problem.h"
#include "api/route.h"
#include "api/token.h"
#include "base/compiler.h"

static void nothing(struct request *request)
{
	(void)request; /* routes need a handler, the tests call none */
}

static const struct route routes[] = {
	{ ROUTE_GET, false, "/healthz", ACCESS_PUBLIC, LIMIT_NONE, nothing },
	{ ROUTE_GET, false, "/orgs", ACCESS_USER, LIMIT_READ, nothing },
	{ ROUTE_POST, false, "/orgs", ACCESS_USER, LIMIT_WRITE, nothing },
	{ ROUTE_GET, false, "/orgs/{org}", ACCESS_MEMBER, LIMIT_READ, nothing },
	{ ROUTE_DELETE, false, "/orgs/{org}", ACCESS_ADMIN, LIMIT_WRITE, nothing },
	{ ROUTE_GET, false, "/orgs/{org}/projects/{project}/events/{seq}/context",
	  ACCESS_MEMBER, LIMIT_READ, nothing },
};
static const struct route_table table = { routes, ARRAY_LEN(routes) };

static void test_routes(void **state)
{
	static const struct {
		enum route_method method;
		const char *path;
		int found; /* index, or -1 */
		unsigned allowed;
	} cases[] = {
		{ ROUTE_GET, "/healthz", 0, ROUTE_GET },
		{ ROUTE_GET, "/healthz/", 0, ROUTE_GET },
		{ ROUTE_GET, "/healthz//", -1, 0 },
		{ ROUTE_GET, "/healthzz", -1, 0 },
		{ ROUTE_GET, "/health", -1, 0 },
		{ ROUTE_GET, "healthz", -1, 0 },
		{ ROUTE_GET, "", -1, 0 },
		{ ROUTE_GET, "/", -1, 0 },
		{ ROUTE_POST, "/healthz", -1, ROUTE_GET },
		{ ROUTE_GET, "/orgs", 1, ROUTE_GET | ROUTE_POST },
		{ ROUTE_POST, "/orgs/", 2, ROUTE_GET | ROUTE_POST },
		{ ROUTE_PUT, "/orgs", -1, ROUTE_GET | ROUTE_POST },
		{ ROUTE_GET, "/orgs//", -1, 0 },
		{ ROUTE_DELETE, "/orgs/7", 4, ROUTE_GET | ROUTE_DELETE },
		{ ROUTE_GET, "/orgs/{org}", 3, ROUTE_GET | ROUTE_DELETE },
		{ ROUTE_GET, "/orgs/7/projects/8/events/9/context", 5, ROUTE_GET },
		{ ROUTE_GET, "/orgs/7/projects//events/9/context", -1, 0 },
		{ ROUTE_GET, "/orgs/7/projects/8/events/9/context/x", -1, 0 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route_params params = { 0 };
		unsigned allowed = 0;
		const struct route *route =
			route_find(&table, cases[i].method, slice_str(cases[i].path),
				   &params, &allowed);
		const struct route *expected =
			cases[i].found < 0 ? NULL : &routes[cases[i].found];

		if (route != expected || allowed != cases[i].allowed)
			fail_msg("%s: wrong route, or methods %u", cases[i].path,
				 allowed);
	}
}

static void test_route_params(void **state)
{
	struct route_params params = { 0 };

	(void)state; /* none */
	assert_true(route_match("/orgs/{org}/projects/{project}/x",
				SLICE("/orgs/12/projects/a%2Fb/x"), &params));
	assert_true(slice_equal(route_param(&params, "org"), SLICE("12")));
	/* encoded bytes stay as they are: an id has none */
	assert_true(slice_equal(route_param(&params, "project"), SLICE("a%2Fb")));
	assert_null(route_param(&params, "ingestion").ptr);
}

static void test_allow_text(void **state)
{
	char text[64];

	(void)state; /* none */
	route_allow_text(ROUTE_GET | ROUTE_DELETE, text, sizeof(text));
	assert_string_equal(text, "GET, DELETE");
	route_allow_text(ROUTE_GET | ROUTE_POST | ROUTE_PUT | ROUTE_PATCH |
				 ROUTE_DELETE,
			 text, sizeof(text));
	assert_string_equal(text, "GET, POST, PUT, PATCH, DELETE");
}

static void test_problem(void **state)
{
	struct problem problem = {
		.status = 422,
		.detail = "name must be \"short\"",
		.request_id = "abc",
		.fields = { { "name", "must be short" } },
		.fields_count = 1,
	};
	struct buf out = { 0 };

	(void)state; /* none */
	problem_write(&problem, &out);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data,
			    "{\"type\":\"about:blank\",\"title\":\"Unprocessable "
			    "Content\",\"status\":422,\"detail\":\"name must be "
			    "\\\"short\\\"\",\"request_id\":\"abc\",\"errors\":[{"
			    "\"field\":\"name\",\"detail\":\"must be short\"}]}");
	buf_deinit(&out);
}

static void test_tokens(void **state)
{
	char one[TOKEN_TEXT_SIZE];
	char two[TOKEN_TEXT_SIZE];
	struct token_hash hash_one = { 0 };
	struct token_hash again = { 0 };
	struct token_hash hash_two = { 0 };

	(void)state; /* none */
	token_make(one);
	token_make(two);
	assert_int_equal(strlen(one), TOKEN_TEXT_SIZE - 2);
	assert_true(slice_starts_with(slice_str(one), SLICE("siftd_")));
	assert_string_not_equal(one, two);
	token_hash(slice_str(one), &hash_one);
	token_hash(slice_str(one), &again);
	token_hash(slice_str(two), &hash_two);
	assert_memory_equal(&hash_one, &again, sizeof(again));
	assert_memory_not_equal(&hash_one, &hash_two, sizeof(again));
}

static void test_token_of_cookie(void **state)
{
	static const struct {
		const char *header;
		const char *token; /* NULL: none */
	} cases[] = {
		{ NULL, NULL },
		{ "", NULL },
		{ ";;", NULL },
		{ "siftd_session=abc", "abc" },
		{ "a=b; siftd_session=abc; c=d", "abc" },
		{ "a=b;siftd_session=abc", "abc" },
		{ "siftd_session=", NULL },
		{ "siftd_session", NULL },
		{ "xsiftd_session=abc", NULL },
		{ "siftd_sessions=abc", NULL },
		{ "a=siftd_session=abc", NULL },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice token = { 0 };
		bool found = token_of_cookie(cases[i].header, &token);

		if (found != (cases[i].token != NULL) ||
		    (found && !slice_equal(token, slice_str(cases[i].token))))
			fail_msg("%s: wrong token",
				 cases[i].header == NULL ? "NULL" : cases[i].header);
	}
}

static void test_token_csrf(void **state)
{
	char one[TOKEN_CSRF_SIZE];
	char again[TOKEN_CSRF_SIZE];
	char two[TOKEN_CSRF_SIZE];
	struct token_hash hash = { 0 };
	char stored[TOKEN_CSRF_SIZE];

	(void)state; /* none */
	token_csrf(SLICE("siftd_one"), one);
	token_csrf(SLICE("siftd_one"), again);
	token_csrf(SLICE("siftd_two"), two);
	assert_int_equal(strlen(one), TOKEN_CSRF_SIZE - 1);
	assert_string_equal(one, again);
	assert_string_not_equal(one, two);
	/* it is not what the database keeps */
	token_hash(SLICE("siftd_one"), &hash);
	sodium_bin2base64(stored, sizeof(stored), hash.bytes, sizeof(hash.bytes),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	assert_string_not_equal(one, stored);
}

static void test_api_keys(void **state)
{
	struct api_key one;
	struct api_key two;
	struct slice id = { 0 };
	struct slice hash = { 0 };
	char hex[TOKEN_HASH_HEX_SIZE];

	(void)state; /* none */
	api_key_make(&one);
	api_key_make(&two);
	assert_int_equal(strlen(one.text), API_KEY_TEXT_SIZE - 1);
	assert_string_not_equal(one.text, two.text);
	assert_string_not_equal(one.id, two.id);
	assert_true(api_key_id(slice_str(one.text), &id));
	assert_true(slice_equal(id, slice_str(one.id)));
	token_hash_hex(&one.hash, hex);
	hash = slice_str(hex);
	assert_true(token_hash_equals_hex(&one.hash, hash));
	assert_false(token_hash_equals_hex(&two.hash, hash));
	assert_false(token_hash_equals_hex(&one.hash, slice_head(hash, 63)));
	assert_false(token_hash_equals_hex(&one.hash, SLICE("")));
	/* any other text is a token */
	one.text[API_KEY_TEXT_SIZE - 2] = 'G';
	assert_false(api_key_id(slice_str(one.text), &id));
	two.text[5 + API_KEY_ID_LEN] = '-';
	assert_false(api_key_id(slice_str(two.text), &id));
	assert_false(api_key_id(SLICE("sift_0123456789ab_"), &id));
	assert_false(api_key_id(SLICE(""), &id));
}

#define KEY_ID "0123456789ab"
#define KEY "sift_" KEY_ID "_0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_credentials(void **state)
{
	static const struct {
		const char *header;
		const char *text; /* NULL: none */
		const char *key_id;
	} cases[] = {
		{ NULL, NULL, NULL },
		{ "", NULL, NULL },
		{ "Bearer", NULL, NULL },
		{ "Bearer ", NULL, NULL },
		{ "Digest abc", NULL, NULL },
		{ "Bearer abc", "abc", NULL },
		{ "bearer  abc ", "abc", NULL },
		{ "BEARER x", "x", NULL },
		{ "Bearer " KEY, KEY, KEY_ID },
		{ "Splunk " KEY, KEY, KEY_ID },
		{ "ApiKey " KEY, KEY, KEY_ID },
		/* x:KEY, KEY and :KEY */
		{ "Basic eDpzaWZ0XzAxMjM0NTY3ODlhYl8wMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OW"
		  "FiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		  KEY, KEY_ID },
		{ "ApiKey c2lmdF8wMTIzNDU2Nzg5YWJfMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmN"
		  "kZWYwMTIzNDU2Nzg5YWJjZGVm",
		  KEY, KEY_ID },
		{ "ApiKey OnNpZnRfMDEyMzQ1Njc4OWFiXzAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJ"
		  "jZGVmMDEyMzQ1Njc4OWFiY2RlZg==",
		  KEY, KEY_ID },
		{ "Basic eDo=", NULL, NULL },
		{ "Basic ***", NULL, NULL },
		{ "ApiKey ", NULL, NULL },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena arena = { 0 };
		struct credential got = { 0 };
		bool found = credential_of_header(cases[i].header, &arena, &got);

		if (found != (cases[i].text != NULL) ||
		    (found && !slice_equal(got.text, slice_str(cases[i].text))))
			fail_msg("case %zu: wrong text", i);
		assert_int_equal(got.key_id.ptr != NULL, cases[i].key_id != NULL);
		if (cases[i].key_id != NULL)
			assert_true(
				slice_equal(got.key_id, slice_str(cases[i].key_id)));
		arena_deinit(&arena);
	}
}

#define SECOND_US INT64_C(1000000)

static void test_limiter(void **state)
{
	struct limiter *limiter = limiter_new();
	struct limiter_verdict verdict = { 0 };
	int64_t now_us = 1000 * SECOND_US;

	(void)state; /* none */
	for (unsigned i = 0; i < 10; i++) {
		verdict = limiter_take(limiter, 1, 10, now_us);
		assert_true(verdict.allowed);
		assert_int_equal(verdict.remaining, 9 - i);
	}
	verdict = limiter_take(limiter, 1, 10, now_us);
	assert_false(verdict.allowed);
	assert_int_equal(verdict.reset_s, 6);
	/* others are not concerned */
	assert_true(limiter_take(limiter, 2, 10, now_us).allowed);
	/* one request comes back every six seconds, a look takes none */
	assert_false(limiter_look(limiter, 1, 10, now_us + 5 * SECOND_US).allowed);
	assert_true(limiter_look(limiter, 1, 10, now_us + 6 * SECOND_US).allowed);
	assert_true(limiter_take(limiter, 1, 10, now_us + 6 * SECOND_US).allowed);
	assert_false(limiter_take(limiter, 1, 10, now_us + 6 * SECOND_US).allowed);
	/* never more than a minute's worth */
	verdict = limiter_take(limiter, 1, 10, now_us + 3600 * SECOND_US);
	assert_int_equal(verdict.remaining, 9);
	limiter_free(&limiter);
	assert_null(limiter);
}

static void test_limiter_is_bounded(void **state)
{
	struct limiter *limiter = limiter_new();
	int64_t now_us = 1000 * SECOND_US;

	(void)state; /* none */
	for (uint64_t key = 0; key < LIMITER_SLOTS; key++)
		assert_true(limiter_take(limiter, key, 1, now_us).allowed);
	assert_int_equal(limiter_forgotten(limiter), 0);
	assert_false(limiter_take(limiter, 5, 1, now_us).allowed);
	assert_true(limiter_take(limiter, LIMITER_SLOTS, 1, now_us).allowed);
	assert_int_equal(limiter_forgotten(limiter), 1);
	/* those that are full again are no loss */
	assert_true(limiter_take(limiter, LIMITER_SLOTS + 1, 1, now_us + 61 * SECOND_US)
			    .allowed);
	assert_int_equal(limiter_forgotten(limiter), 1);
	limiter_free(&limiter);
}

static void test_boundaries(void **state)
{
	static const struct {
		const char *type;
		const char *boundary; /* NULL: none */
	} cases[] = {
		{ NULL, NULL },
		{ "text/plain", NULL },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data; boundary=", NULL },
		{ "multipart/form-data; boundary=abc", "abc" },
		{ "Multipart/Form-Data;charset=x; Boundary=\"a b\"", "a b" },
		{ "multipart/mixed; boundary=abc", NULL },
		{ "multipart/form-data; boundary="
		  "01234567890123456789012345678901234567890123456789012345678901234567"
		  "890",
		  NULL },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice boundary = multipart_boundary(cases[i].type);

		if (cases[i].boundary == NULL)
			assert_null(boundary.ptr);
		else
			assert_true(
				slice_equal(boundary, slice_str(cases[i].boundary)));
	}
}

#define PART_A "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
#define PART_FILE                                                                      \
	"--B\r\ncontent-disposition: form-data; name=\"file\"; "                       \
	"filename=\"x.log\"\r\nContent-Type: text/plain\r\n\r\nline --B\r\n\r\n"       \
	"last\n\r\n"

static void test_multipart(void **state)
{
	static const struct {
		const char *body;
		const char *content; /* NULL: an error */
		const char *name;
	} cases[] = {
		{ PART_A PART_FILE "--B--\r\n", "line --B\r\n\r\nlast\n", "x.log" },
		{ "preamble\r\n" PART_FILE "--B--", "line --B\r\n\r\nlast\n", "x.log" },
		{ PART_FILE PART_A "--B--", "line --B\r\n\r\nlast\n", "x.log" },
		{ PART_A "--B--\r\n", NULL, NULL },
		{ PART_A
		  "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ncut",
		  NULL, NULL },
		{ "--B\r\nContent-Disposition: form-data; name=file\r\n\r\n\r\n--B--",
		  "", "" },
		{ "--B\r\nno headers end\r\n--B--", NULL, NULL },
		{ "--B", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct multipart_file file = { 0 };
		struct error error = { 0 };
		int result = multipart_find(slice_str(cases[i].body), SLICE("B"),
					    SLICE("file"), &file, &error);

		if (result != (cases[i].content == NULL ? -1 : 0))
			fail_msg("case %zu: result %d %s", i, result, error.text);
		if (cases[i].content == NULL)
			continue;
		if (!slice_equal(file.content, slice_str(cases[i].content)) ||
		    !slice_equal(file.name, slice_str(cases[i].name)))
			fail_msg("case %zu: content %.*s", i, (int)file.content.len,
				 file.content.ptr);
	}
}

/* no cut of a body is taken for a whole part that is not there */
static void test_multipart_cut(void **state)
{
	struct slice body = SLICE(PART_A PART_FILE "--B--\r\n");
	struct slice whole = SLICE("line --B\r\n\r\nlast\n");

	(void)state; /* none */
	for (size_t len = 0; len <= body.len; len++) {
		struct multipart_file file = { 0 };
		struct error error = { 0 };

		if (multipart_find(slice_head(body, len), SLICE("B"), SLICE("file"),
				   &file, &error) == 0)
			assert_true(slice_equal(file.content, whole));
		else
			assert_true(len < body.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_route_params),
		cmocka_unit_test(test_allow_text),
		cmocka_unit_test(test_problem),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_api_keys),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_token_of_cookie),
		cmocka_unit_test(test_token_csrf),
		cmocka_unit_test(test_limiter),
		cmocka_unit_test(test_limiter_is_bounded),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_multipart_cut),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
