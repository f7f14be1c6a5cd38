/* push_lines.c - text as it is, arrays item by item */
#include "api/push_lines.h"

#include "api/push.h"
#include "api/unpack.h"
#include "pipeline/json_scan.h"

static void add_item(struct push_lines *lines, const struct json_member *item,
		     struct arena *arena, struct buf *attributes)
{
	struct push_record record;

	if (item->kind != JSON_STRING) {
		(void)push_lines_add_plain(lines, item->value); /* it is counted */
		return;
	}
	push_record_begin(&record, arena, attributes);
	record.fields.body = json_value_text(item, arena);
	(void)push_lines_add(lines, &record); /* see above */
}

static enum push_status decode_array(struct slice body, struct push_lines *lines)
{
	struct json_cursor cursor = json_open(body);
	struct json_member item;
	struct arena arena = { 0 };
	struct buf attributes = { 0 };
	bool entered = json_enter_array(&cursor);
	int got = 0;

	while (entered && !push_lines_full(lines) &&
	       (got = json_item(&cursor, &item)) == 1) {
		add_item(lines, &item, &arena, &attributes);
		arena_reset(&arena);
	}
	arena_deinit(&arena);
	buf_deinit(&attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	if (!entered || got < 0 || !json_at_end(&cursor))
		return push_malformed(lines, "the body is no JSON array");
	return PUSH_OK;
}

enum push_status push_lines_decode_text(struct slice body, struct push_lines *lines)
{
	int64_t count = 0;
	int64_t bytes = 0;

	if (body.len > lines->bytes_max)
		return PUSH_TOO_LARGE;
	unpack_measure(body, &count, &bytes);
	lines->count = (uint64_t)count;
	lines->bytes = (uint64_t)bytes;
	buf_append_slice(&lines->text, body);
	return PUSH_OK;
}

enum push_status push_lines_decode(const struct push_input *input,
				   struct push_lines *lines)
{
	struct slice trimmed = slice_trim(input->body);

	/* a line of text may begin with a bracket too: then it does not end with one,
	 * or is no array */
	if (trimmed.len > 1 && trimmed.ptr[0] == '[' &&
	    trimmed.ptr[trimmed.len - 1] == ']') {
		enum push_status status = decode_array(trimmed, lines);

		if (status != PUSH_MALFORMED)
			return status;
		lines->text.len = 0;
		lines->count = 0;
		lines->bytes = 0;
		lines->rejected = 0;
		lines->rejection = (struct error){ 0 };
		lines->error = (struct error){ 0 };
	}
	if (trimmed.len == 0)
		return push_malformed(lines, "there is no line in the body");
	return push_lines_decode_text(input->body, lines);
}

static void accept_lines(struct request *request, const struct push_verdict *verdict)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_int(&out, "ingestion_id", verdict->ingestion_id);
	json_key(&out, "accepted");
	json_object_begin(&out);
	json_key_uint(&out, "lines", verdict->count);
	json_key_uint(&out, "bytes", verdict->bytes);
	json_object_end(&out);
	json_key_uint(&out, "rejected", verdict->rejected);
	if (verdict->rejected > 0)
		json_key_string(&out, "rejection", verdict->rejection);
	json_object_end(&out);
	request_reply_json(request, 202);
}

static void refuse(struct request *request, int status, const char *detail)
{
	request_problem(request, status, "%s", detail);
}

void push_lines_route(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_LINES,
		.decode = push_lines_decode,
		.accept = accept_lines,
		.refuse = refuse,
		.once = true,
	};

	push_start(request, &protocol, SLICE(""));
}
