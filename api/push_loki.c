/* push_loki.c - the routes of Loki, and which decoder a body needs */
#include "api/push_loki.h"

#include <inttypes.h>

#include "api/push.h"
#include "api/push_loki_json.h"
#include "api/push_loki_proto.h"

enum push_status push_loki_decode(const struct push_input *input,
				  struct push_lines *lines)
{
	return input->protobuf ? push_loki_proto(input->body, lines)
			       : push_loki_json(input->body, lines);
}

static void refuse(struct request *request, int status, const char *detail)
{
	buf_clear(&request->out);
	buf_printf(&request->out, "%s\n", detail);
	request_reply(request, status, "text/plain; charset=utf-8");
}

static void accept_lines(struct request *request, const struct push_verdict *verdict)
{
	if (verdict->rejected == 0) {
		request_reply_empty(request);
		return;
	}
	/* as Loki: what is good was taken, and the status keeps the client from trying
	 * again */
	buf_printf(&request->out,
		   "%.*s: %" PRIu64 " of %" PRIu64 " entries were not stored\n",
		   (int)verdict->rejection.len, verdict->rejection.ptr,
		   verdict->rejected, verdict->rejected + verdict->count);
	request_reply(request, 400, "text/plain; charset=utf-8");
}

void push_loki_route(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_LOKI,
		.decode = push_loki_decode,
		.accept = accept_lines,
		.refuse = refuse,
		.has_protobuf = true,
		.has_snappy = true,
	};

	push_start(request, &protocol, SLICE(""));
}
