/* push_otlp.c - the route of OTLP, its answers, and which decoder a body needs */
#include "api/push_otlp.h"

#include "api/push.h"
#include "api/push_otlp_json.h"
#include "api/push_otlp_proto.h"

#define PROTOBUF_TYPE "application/x-protobuf"
/* google.rpc.Code */
#define CODE_INVALID_ARGUMENT 3
#define CODE_RESOURCE_EXHAUSTED 8
#define CODE_UNAVAILABLE 14

enum push_status push_otlp_decode(const struct push_input *input,
				  struct push_lines *lines)
{
	return input->protobuf ? push_otlp_proto(input->body, lines)
			       : push_otlp_json(input->body, lines);
}

static void append_text_field(struct buf *out, unsigned number, struct slice text)
{
	buf_append_varint(out, number << 3 | 2);
	buf_append_varint(out, text.len);
	buf_append_slice(out, text);
}

static void append_number_field(struct buf *out, unsigned number, uint64_t value)
{
	buf_append_varint(out, number << 3);
	buf_append_varint(out, value);
}

/* ExportLogsPartialSuccess is field 1 of the response; it has rejected_log_records and
 * error_message */
static void write_proto(struct buf *out, const struct push_verdict *verdict)
{
	struct buf partial = { 0 };

	if (verdict->rejected == 0)
		return;
	append_number_field(&partial, 1, verdict->rejected);
	append_text_field(&partial, 2, verdict->rejection);
	append_text_field(out, 1, buf_slice(&partial));
	buf_deinit(&partial);
}

static void write_json(struct buf *buf, const struct push_verdict *verdict)
{
	struct json_out out = json_out_init(buf);

	json_object_begin(&out);
	if (verdict->rejected > 0) {
		json_key(&out, "partialSuccess");
		json_object_begin(&out);
		json_key_uint(&out, "rejectedLogRecords", verdict->rejected);
		json_key_string(&out, "errorMessage", verdict->rejection);
		json_object_end(&out);
	}
	json_object_end(&out);
}

static void accept_records(struct request *request, const struct push_verdict *verdict)
{
	if (verdict->protobuf) {
		write_proto(&request->out, verdict);
		request_reply(request, 200, PROTOBUF_TYPE);
	} else {
		write_json(&request->out, verdict);
		request_reply_json(request, 200);
	}
}

static unsigned code_of(int status)
{
	if (status == 503)
		return CODE_UNAVAILABLE;
	return status == 413 ? CODE_RESOURCE_EXHAUSTED : CODE_INVALID_ARGUMENT;
}

static void refuse(struct request *request, int status, const char *detail)
{
	buf_clear(&request->out);
	if (push_has_type(request, PROTOBUF_TYPE)) {
		append_number_field(&request->out, 1, code_of(status));
		append_text_field(&request->out, 2, slice_str(detail));
		request_reply(request, status, PROTOBUF_TYPE);
	} else {
		struct json_out out = json_out_init(&request->out);

		json_object_begin(&out);
		json_key_uint(&out, "code", code_of(status));
		json_key_string(&out, "message", slice_str(detail));
		json_object_end(&out);
		request_reply_json(request, status);
	}
}

void push_otlp_route(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_OTLP,
		.decode = push_otlp_decode,
		.accept = accept_records,
		.refuse = refuse,
		.has_protobuf = true,
	};

	push_start(request, &protocol, SLICE(""));
}
