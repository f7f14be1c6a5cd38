/* parse_envoy.c - Envoy's default access log, Istio's too:
 *
 *   [STAMP] "METHOD TARGET PROTOCOL" STATUS FLAGS ... BYTES_IN BYTES_OUT DURATION
 *   UPSTREAM_TIME "XFF" "AGENT" "REQUEST-ID" "AUTHORITY" "UPSTREAM"
 *
 * Istio writes more words behind the flags: what counts is how far a field stands in
 * front of the quotes. */
#include "base/compiler.h"
#include "pipeline/access_fields.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
#include "pipeline/stamp_trace.h"

#define NUMBERS 4

/* the four fields in front of the first quote behind the status */
static void add_numbers(struct record *record, struct slice *rest)
{
	struct slice fields[NUMBERS] = { 0 };
	size_t count = 0;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = slice_from(*rest, 1);
	access_add(record, SLICE("envoy.response_flags"), access_take_field(rest));
	for (;;) {
		while (rest->len > 0 && rest->ptr[0] == ' ')
			*rest = slice_from(*rest, 1);
		if (rest->len == 0 || rest->ptr[0] == '"')
			break;

		struct slice field = access_take_field(rest);

		if (field.len == 0)
			break;
		fields[count++ % NUMBERS] = field;
	}
	if (count < NUMBERS)
		return;
	access_add(record, SLICE("http.request_bytes"), fields[count % NUMBERS]);
	access_add(record, SLICE("http.response_bytes"), fields[(count + 1) % NUMBERS]);
	access_add(record, SLICE("duration_ms"), fields[(count + 2) % NUMBERS]);
	access_add(record, SLICE("upstream_duration_ms"),
		   fields[(count + 3) % NUMBERS]);
}

bool parse_envoy(const struct parse_input *input, struct record *record)
{
	static const char *const keys[] = { "client.address", "user_agent",
					    "request_id", "http.authority",
					    "upstream.address" };
	struct slice rest = slice_from(input->raw, input->header->body);
	struct slice request = { 0 };
	struct slice status = { 0 };

	if (input->raw.len == 0 || input->raw.ptr[0] != '[' ||
	    input->header->timestamp_us == TIMESTAMP_NONE ||
	    !access_take_quoted(&rest, &request))
		return false;
	status = access_take_field(&rest);
	/* the level is its first digit */
	stamp_trace_refuse(input->context->trace);
	if (!access_is_status(status))
		return false;
	parse_apply_header(input->header, input->raw, record);
	record->confidence = 95;
	access_apply_status(status, record);
	access_add_request(record, request);
	add_numbers(record, &rest);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct slice value = { 0 };

		if (!access_take_quoted(&rest, &value))
			break;
		access_add(record, slice_str(keys[i]), value);
		rest = slice_from(rest, 1);
	}
	return true;
}
