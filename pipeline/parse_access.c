/* parse_access.c - the common and combined formats of Apache, nginx and their like:
 *
 *   HOST IDENT USER [STAMP] "METHOD TARGET PROTOCOL" STATUS BYTES ["REFERER" "AGENT"]
 */
#include "pipeline/access_fields.h"
#include "pipeline/parse.h"
#include "pipeline/parse_header.h"
#include "pipeline/stamp_trace.h"

bool parse_access(const struct parse_input *input, struct record *record)
{
	const struct header *header = input->header;
	struct slice rest = slice_from(input->raw, header->body);
	struct slice head = slice_head(input->raw, header->body);
	struct slice request = { 0 };
	struct slice quoted = { 0 };

	if (header->timestamp_us == TIMESTAMP_NONE || head.len < 4 ||
	    head.ptr[head.len - 2] != ']' || head.ptr[0] == '[' ||
	    !access_take_quoted(&rest, &request))
		return false;

	struct slice status = access_take_field(&rest);

	/* the level is its first digit */
	stamp_trace_refuse(input->context->trace);
	if (!access_is_status(status))
		return false;
	parse_apply_header(header, input->raw, record);
	record->confidence = 95;
	access_apply_status(status, record);
	access_add_request(record, request);
	access_add(record, SLICE("client.address"), access_take_field(&head));
	access_add(record, SLICE("client.ident"), access_take_field(&head));
	access_add(record, SLICE("user.name"), access_take_field(&head));
	access_add(record, SLICE("http.response_bytes"), access_take_field(&rest));
	rest = slice_from(rest, 1);
	if (access_take_quoted(&rest, &quoted))
		access_add(record, SLICE("http.referer"), quoted);
	rest = slice_from(rest, 1);
	if (access_take_quoted(&rest, &quoted))
		access_add(record, SLICE("user_agent"), quoted);
	return true;
}
