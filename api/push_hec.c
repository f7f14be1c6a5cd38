/* push_hec.c - the routes of the HTTP Event Collector, and its codes */
#include "api/push_hec.h"

#include "api/body.h"
#include "api/context.h"
#include "api/push.h"
#include "pipeline/json_scan.h"

#define ACKS_MAX 10000

/* Splunk's codes of what can go wrong here */
static const struct {
	const char *text;
	int code;
} codes[] = {
	{ "No data", 5 },
	{ "Invalid data format", 6 },
	{ "Server is busy", 9 },
	{ "Event field is required", 12 },
	{ "Event field cannot be blank", 13 },
};

static int code_of(const char *detail, int status)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (strcmp(codes[i].text, detail) == 0)
			return codes[i].code;
	}
	return status == 503 ? 9 : 6;
}

static void reply(struct request *request, int status, int code, const char *text)
{
	struct json_out out = json_out_init(&request->out);

	buf_clear(&request->out);
	json_object_begin(&out);
	json_key_string(&out, "text", slice_str(text));
	json_key_int(&out, "code", code);
	/* who names a channel asks for an id; what is answered is durable */
	if (status == 200 &&
	    (request_header(request, "X-Splunk-Request-Channel") != NULL ||
	     query_get(&request->query, "channel").len > 0))
		json_key_int(&out, "ackId", 0);
	json_object_end(&out);
	request_reply_json(request, status);
}

static void accept_events(struct request *request, const struct push_verdict *verdict)
{
	if (verdict->count == 0)
		reply(request, 413, 6, "Every event is too long");
	else
		reply(request, 200, 0, "Success");
}

static void refuse(struct request *request, int status, const char *detail)
{
	reply(request, status, code_of(detail, status), detail);
}

void push_hec_event(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_HEC,
		.decode = push_hec_decode,
		.accept = accept_events,
		.refuse = refuse,
	};

	push_start(request, &protocol, SLICE(""));
}

void push_hec_raw(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_HEC,
		.decode = push_hec_decode_raw,
		.accept = accept_events,
		.refuse = refuse,
	};

	push_start(request, &protocol, SLICE(""));
}

void push_hec_health(struct request *request)
{
	if (request->api->deps.spool == NULL)
		reply(request, 503, 18, "HEC is unhealthy, queues are full");
	else
		reply(request, 200, 17, "HEC is healthy");
}

/* {"acks":[0,1]} is answered {"acks":{"0":true,"1":true}} */
void push_hec_ack(struct request *request)
{
	struct slice body = request_body(request);
	struct json_cursor cursor = json_open(body);
	struct json_out out = json_out_init(&request->out);
	struct json_member member;
	struct json_member item;
	size_t count = 0;

	if (!json_enter(&cursor) || json_member(&cursor, &member) != 1 ||
	    member.kind != JSON_ARRAY || !json_enter_member_array(&cursor, &member)) {
		reply(request, 400, 6, "Invalid data format");
		return;
	}
	json_object_begin(&out);
	json_key(&out, "acks");
	json_object_begin(&out);
	while (count++ < ACKS_MAX && json_item(&cursor, &item) == 1) {
		json_key_slice(&out, item.value);
		json_bool(&out, true);
	}
	json_object_end(&out);
	json_object_end(&out);
	request_reply_json(request, 200);
}
