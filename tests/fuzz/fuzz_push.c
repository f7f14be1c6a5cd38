/* fuzz_push.c - any body, through every decoder of pushes
 *
 * The first byte chooses the decoder, the second the kind of compression that is
 * claimed. What comes out is whole lines within their bounds, as many as were counted,
 * and each line of fields is read back.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>

#include "api/push_body.h"
#include "api/push_elastic.h"
#include "api/push_hec.h"
#include "api/push_lines.h"
#include "api/push_loki.h"
#include "api/push_otlp.h"
#include "base/compiler.h"

/* small, so that short inputs reach the bounds */
#define RECORD_BYTES_MAX 512
#define LINES_BYTES_MAX 4096
#define BODY_BYTES_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	push_decode_fn *decode;
	bool protobuf;
	enum { TEXT, LINES, FIELDS } makes;
} decoders[] = {
	{ push_lines_decode, false, TEXT },
	{ push_loki_decode, false, FIELDS },
	{ push_loki_decode, true, FIELDS },
	{ push_otlp_decode, false, FIELDS },
	{ push_otlp_decode, true, FIELDS },
	{ push_hec_decode, false, FIELDS },
	{ push_hec_decode_raw, false, TEXT },
	{ push_elastic_decode_bulk, false, LINES },
	{ push_elastic_decode_document, false, LINES },
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_fields(struct slice line)
{
	struct arena arena = { 0 };
	struct pushed pushed;

	check(pushed_read(line, &arena, &pushed));
	if (pushed.attributes.len > 0) {
		json_t *object =
			json_loadb(pushed.attributes.ptr, pushed.attributes.len,
				   JSON_ALLOW_NUL, NULL);

		check(json_is_object(object));
		json_decref(object);
	}
	arena_deinit(&arena);
}

static void check_lines(const struct push_lines *lines, bool fields)
{
	struct slice rest = buf_slice(&lines->text);
	uint64_t count = 0;

	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);

		check(end != NULL);
		check((size_t)(end - rest.ptr) < RECORD_BYTES_MAX);
		if (fields)
			check_fields(slice_head(rest, (size_t)(end - rest.ptr)));
		rest = slice_from(rest, (size_t)(end - rest.ptr) + 1);
		count++;
	}
	check(count == lines->count);
}

static void check_items(const struct push_lines *lines)
{
	json_t *items = NULL;

	if (lines->items.len == 0)
		return;
	/* names and ids are those of the client */
	items = json_loadb(lines->items.data, lines->items.len,
			   JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK, NULL);
	check(items == NULL || json_is_array(items));
	json_decref(items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct push_lines lines = { .bytes_max = LINES_BYTES_MAX,
				    .record_bytes_max = RECORD_BYTES_MAX };
	struct push_input input = { .index = SLICE("index") };
	struct push_body body = { .bytes_max = BODY_BYTES_MAX };
	struct buf space = { 0 };
	enum push_status status = PUSH_OK;
	size_t which = 0;

	if (size < 2)
		return 0;
	which = data[0] % ARRAY_LEN(decoders);
	body.snappy = (data[1] & 1) != 0;
	if ((data[1] & 2) != 0)
		input.host = SLICE("host");
	body.bytes = (struct slice){ (const char *)data + 2, size - 2 };
	input.protobuf = decoders[which].protobuf;
	status = push_body_open(&body, &space, &input.body, &lines.error);
	if (status == PUSH_OK) {
		check(input.body.len <= BODY_BYTES_MAX);
		status = decoders[which].decode(&input, &lines);
	}
	check(status != PUSH_MALFORMED || lines.error.text[0] != '\0');
	if (status == PUSH_OK && decoders[which].makes != TEXT)
		check_lines(&lines, decoders[which].makes == FIELDS);
	check_items(&lines);
	push_lines_deinit(&lines);
	buf_deinit(&space);
	return 0;
}
