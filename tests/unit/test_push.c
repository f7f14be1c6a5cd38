/* test_push.c - what push decoders are made of: protobuf, labels, bounds, pushes sent
 * twice
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/protobuf.h"
#include "api/push_body.h"
#include "api/push_decode.h"
#include "api/push_elastic.h"
#include "api/push_hec.h"
#include "api/push_lines.h"
#include "api/push_loki.h"
#include "api/push_loki_proto.h"
#include "api/push_once.h"
#include "api/push_otlp.h"
#include "base/compiler.h"

#define BYTES(literal) ((struct slice){ literal, sizeof(literal) - 1 })

static void test_protobuf(void **state)
{
	const struct {
		struct slice message;
		int got;
		struct protobuf_field field;
	} cases[] = {
		{ BYTES(""), 0, { 0 } },
		{ BYTES("\x08\x00"), 1, { .number = 1, .wire = PROTOBUF_VARINT } },
		{ BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		  1,
		  { .number = 1, .wire = PROTOBUF_VARINT, .value = UINT64_MAX } },
		{ BYTES("\x11\x01\x00\x00\x00\x00\x00\x00\x80"),
		  1,
		  { .number = 2,
		    .wire = PROTOBUF_FIXED64,
		    .value = UINT64_C(0x8000000000000001) } },
		{ BYTES("\x1d\x02\x00\x00\x00"),
		  1,
		  { .number = 3, .wire = PROTOBUF_FIXED32, .value = 2 } },
		{ BYTES("\x82\x01\x02hi"),
		  1,
		  { .number = 16, .wire = PROTOBUF_BYTES, .bytes = BYTES("hi") } },
		/* an eleventh byte, a bit too many, cut off, number 0, groups */
		{ BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		  -1,
		  { 0 } },
		{ BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), -1, { 0 } },
		{ BYTES("\x08"), -1, { 0 } },
		{ BYTES("\x0a\x03hi"), -1, { 0 } },
		{ BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), -1, { 0 } },
		{ BYTES("\x11\x01"), -1, { 0 } },
		{ BYTES("\x02\x00"), -1, { 0 } },
		{ BYTES("\x0b"), -1, { 0 } },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice rest = cases[i].message;
		struct protobuf_field field;

		if (protobuf_next(&rest, &field) != cases[i].got)
			fail_msg("case %zu: wrong answer", i);
		if (cases[i].got != 1)
			continue;
		assert_int_equal(field.number, cases[i].field.number);
		assert_int_equal(field.wire, cases[i].field.wire);
		assert_true(field.value == cases[i].field.value);
		assert_true(slice_equal(field.bytes, cases[i].field.bytes));
		assert_int_equal(rest.len, 0);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *digits;
		int64_t us;
	} cases[] = {
		{ "1767600000123456789", INT64_C(1767600000123456) },
		{ "999", 0 },
		{ "0", TIMESTAMP_NONE },
		{ "", TIMESTAMP_NONE },
		{ "-1", TIMESTAMP_NONE },
		{ "17676000001234567890", TIMESTAMP_NONE },
		{ "1767600000.5", TIMESTAMP_NONE },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(push_time_of_ns(slice_str(cases[i].digits)) == cases[i].us);
}

static void test_loki_labels(void **state)
{
	static const struct {
		const char *labels;
		int last; /* what ends the walk */
		const char *told;
	} cases[] = {
		{ "{}", 0, "" },
		{ "", 0, "" },
		{ "{a=\"1\", b=\"x,y\"}", 0, "a=1;b=x,y;" },
		{ "{ a = \"1\" , }", 0, "a=1;" },
		{ "{a=\"q\\\"q\"}", 0, "a=q\\\"q;" },
		{ "{a=\"1}", -1, "" },
		{ "{a}", -1, "" },
		{ "{a=1}", -1, "" },
		{ "{a=\"1\", b", -1, "a=1;" },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice rest = slice_str(cases[i].labels);
		struct slice name = { 0 };
		struct slice value = { 0 };
		struct buf told = { 0 };
		bool escaped = false;
		int got = 0;

		while ((got = push_loki_take_label(&rest, &name, &value, &escaped)) ==
		       1) {
			buf_append_slice(&told, name);
			buf_append_char(&told, '=');
			buf_append_slice(&told, value);
			buf_append_char(&told, ';');
		}
		if (got != cases[i].last ||
		    !slice_equal(buf_slice(&told), slice_str(cases[i].told)))
			fail_msg("%s: wrong labels", cases[i].labels);
		buf_deinit(&told);
	}
}

/* of several names for one field the best one counts, in whatever order they come */
static void test_labels(void **state)
{
	static const struct {
		const char *keys[3];
		const char *service; /* a value is the number of its key */
		const char *attributes;
	} cases[] = {
		{ { "job", "app", NULL }, "2", "{\"job\":\"1\",\"app\":\"2\"" },
		{ { "app", "job", NULL }, "1", "{\"app\":\"1\",\"job\":\"2\"" },
		{ { "service.name", "app", "other" },
		  "1",
		  "{\"app\":\"2\",\"other\":\"3\"" },
		{ { "job", "Service.Name", NULL }, "2", "{\"job\":\"1\"" },
		{ { "level", "other", NULL }, "", "{\"level\":\"1\",\"other\":\"2\"" },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const char *const values[] = { "1", "2", "3" };
		struct push_record record;
		struct arena arena = { 0 };
		struct buf attributes = { 0 };

		push_record_begin(&record, &arena, &attributes);
		for (size_t j = 0; j < 3 && cases[i].keys[j] != NULL; j++)
			push_record_label(&record, slice_str(cases[i].keys[j]),
					  slice_str(values[j]));
		assert_true(slice_equal(record.fields.service_name,
					slice_str(cases[i].service)));
		if (!slice_equal(buf_slice(&attributes),
				 slice_str(cases[i].attributes)))
			fail_msg("case %zu: wrong attributes", i);
		arena_deinit(&arena);
		buf_deinit(&attributes);
	}
}

/* bodies of each protocol, and what becomes of them */
static void test_decoders(void **state)
{
	static const struct {
		push_decode_fn *decode;
		const char *body;
		enum push_status status;
		uint64_t count;
		uint64_t rejected;
	} cases[] = {
		{ push_lines_decode, "one\ntwo\n", PUSH_OK, 2, 0 },
		{ push_lines_decode, "[\"one\",{\"a\":1}]", PUSH_OK, 2, 0 },
		{ push_lines_decode, "[ERROR] not [json]", PUSH_OK, 1, 0 },
		{ push_lines_decode, " \n", PUSH_MALFORMED, 0, 0 },
		{ push_loki_decode, "{\"streams\":[]}", PUSH_OK, 0, 0 },
		{ push_loki_decode,
		  "{\"streams\":[{\"values\":[[\"1\",\"x\"]],\"stream\":{\"a\":\"b\"}}]}",
		  PUSH_OK, 1, 0 },
		{ push_loki_decode, "{\"streams\":[{\"values\":[[\"1\"]]}]}",
		  PUSH_MALFORMED, 0, 0 },
		{ push_loki_decode, "{}", PUSH_MALFORMED, 0, 0 },
		{ push_otlp_decode, "{}", PUSH_OK, 0, 0 },
		{ push_otlp_decode, "{} {}", PUSH_MALFORMED, 0, 0 },
		{ push_otlp_decode,
		  "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{}]}]}]}",
		  PUSH_OK, 2, 0 },
		{ push_hec_decode, "{\"event\":1}{\"event\":{}}", PUSH_OK, 2, 0 },
		{ push_hec_decode, "{\"event\":\"x\"", PUSH_MALFORMED, 0, 0 },
		{ push_elastic_decode_bulk,
		  "{\"index\":{}}\n{\"a\":1}\n\n{\"delete\":{\"_id\":\"1\"}}", PUSH_OK,
		  1, 1 },
		{ push_elastic_decode_bulk, "{\"index\":{}}\nnothing\n", PUSH_OK, 0,
		  1 },
		{ push_elastic_decode_bulk, "{\"other\":{}}\n{}\n", PUSH_MALFORMED, 0,
		  1 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct push_input input = { .body = slice_str(cases[i].body) };
		struct push_lines lines = { .bytes_max = 4096,
					    .record_bytes_max = 256 };
		enum push_status status = cases[i].decode(&input, &lines);

		if (status != cases[i].status || lines.rejected != cases[i].rejected ||
		    (status == PUSH_OK && lines.count != cases[i].count))
			fail_msg("%s: %d, %d records, %d rejected", cases[i].body,
				 (int)status, (int)lines.count, (int)lines.rejected);
		assert_int_equal(status == PUSH_MALFORMED, lines.error.text[0] != '\0');
		push_lines_deinit(&lines);
	}
}

static void test_bounds(void **state)
{
	struct push_lines lines = { .bytes_max = 64, .record_bytes_max = 10 };

	(void)state; /* none */
	assert_true(push_lines_add_plain(&lines, SLICE("a\nb")));
	assert_true(slice_equal(buf_slice(&lines.text), SLICE("a b\n")));
	assert_false(push_lines_add_plain(&lines, SLICE("0123456789")));
	assert_true(slice_equal(buf_slice(&lines.text), SLICE("a b\n")));
	assert_int_equal(lines.rejected, 1);
	assert_string_equal(lines.rejection.text, "a record is too long");
	for (unsigned i = 0; i < 15; i++)
		assert_true(push_lines_add_plain(&lines, SLICE("abc")));
	assert_false(push_lines_full(&lines));
	assert_true(push_lines_add_plain(&lines, SLICE("")));
	assert_true(push_lines_full(&lines));
	push_lines_deinit(&lines);
}

/* long labels and many short entries: not their product */
static void test_shared_bytes(void **state)
{
	struct buf body = { 0 };
	struct push_input input = { 0 };
	struct push_lines lines = { .bytes_max = 1 << 20, .record_bytes_max = 256 };

	(void)state; /* none */
	buf_printf(&body, "{\"streams\":[{\"stream\":{%*s},\"values\":[", 100000, "");
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&body, "%s[\"1\",\"x\"]", i == 0 ? "" : ",");
	buf_append_str(&body, "]}]}");
	input.body = buf_slice(&body);
	assert_int_equal(push_loki_decode(&input, &lines), PUSH_TOO_LARGE);
	assert_true(lines.count < 20);
	push_lines_deinit(&lines);
	buf_deinit(&body);
}

/* "abcd", and a block that says it is longer than it may be */
static void test_snappy(void **state)
{
	struct push_body body = { .bytes = BYTES("\x04\x0c"
						 "abcd"),
				  .snappy = true,
				  .bytes_max = 4 };
	struct slice plain = { 0 };
	struct buf space = { 0 };
	struct error error = { 0 };

	(void)state; /* none */
	assert_int_equal(push_body_open(&body, &space, &plain, &error), PUSH_OK);
	assert_true(slice_equal(plain, SLICE("abcd")));
	body.bytes_max = 3;
	assert_int_equal(push_body_open(&body, &space, &plain, &error), PUSH_TOO_LARGE);
	body.bytes = BYTES("\x04\x0c"
			   "ab");
	body.bytes_max = 4;
	assert_int_equal(push_body_open(&body, &space, &plain, &error), PUSH_MALFORMED);
	buf_deinit(&space);
}

/* so many pushes of the project begin, and then no more */
static void fill_places(struct push_once *once, int64_t project, int64_t count,
			int64_t now_us)
{
	struct token_hash hash = { { 3, (unsigned char)project } };

	for (int64_t i = 0; i <= count; i++) {
		hash.bytes[2] = (unsigned char)i;
		hash.bytes[3] = (unsigned char)(i >> 8);
		assert_int_equal(push_once_begin(once, project, &hash, now_us),
				 i < count ? PUSH_ONCE_BEGUN : PUSH_ONCE_FULL);
	}
}

static void test_once(void **state)
{
	static struct push_once once;
	struct token_hash hash = { { 1 } };
	struct token_hash other = { { 2 } };
	int64_t now_us = 1000;

	(void)state; /* none */
	assert_int_equal(push_once_begin(&once, 7, &hash, now_us), PUSH_ONCE_BEGUN);
	assert_int_equal(push_once_begin(&once, 7, &hash, now_us), PUSH_ONCE_UNDER_WAY);
	assert_int_equal(push_once_begin(&once, 7, &other, now_us), PUSH_ONCE_BEGUN);
	push_once_end(&once, &hash);
	assert_int_equal(push_once_begin(&once, 7, &hash, now_us), PUSH_ONCE_BEGUN);
	/* one that never ended holds nobody up for ever */
	now_us += INT64_C(1000000) * PUSH_ONCE_S;
	assert_int_equal(push_once_begin(&once, 7, &hash, now_us), PUSH_ONCE_BEGUN);
	/* a project alone gets half of the places, the next half of the rest */
	for (int64_t project = 7, left = PUSH_ONCE_MAX / 2; left > 1;
	     project++, left /= 2)
		fill_places(&once, project, left - (project == 7), now_us);
	other = (struct token_hash){ { 4 } };
	assert_int_equal(push_once_begin(&once, 7, &other, now_us), PUSH_ONCE_FULL);
	assert_int_equal(push_once_begin(&once, 99, &other, now_us), PUSH_ONCE_BEGUN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protobuf),     cmocka_unit_test(test_times),
		cmocka_unit_test(test_loki_labels),  cmocka_unit_test(test_labels),
		cmocka_unit_test(test_decoders),     cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_shared_bytes), cmocka_unit_test(test_snappy),
		cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
