/* parse_logfmt.c - a record that is key=value pairs from its first byte to its last */
#include "pipeline/json_scan.h"
#include "pipeline/pair_scan.h"
#include "pipeline/parse.h"
#include "pipeline/roles.h"
#include "pipeline/stamp_trace.h"

bool parse_logfmt(const struct parse_input *input, struct record *record)
{
	struct slice rest = input->raw;
	struct pair pair;

	if (!pairs_begin_line(input->raw))
		return false;

	/* levels may be numbers */
	stamp_trace_refuse(input->context->trace);

	struct role_filler filler = role_filler_init(record, input->context);

	while (pair_take(&rest, &pair)) {
		struct slice value = pair.escaped
					     ? json_unescape(pair.value, input->scratch)
					     : pair.value;

		if (!role_fill(&filler, pair.key, value))
			record_add_attribute(record, pair.key, value);
	}
	/* lines that were assembled behind it, or words that are no pair */
	if (slice_trim(rest).len > 0 &&
	    (rest.ptr[0] != '\n' || role_filler_count(&filler) < 2))
		return false;
	record->confidence = (uint8_t)(55 + 8 * role_filler_count(&filler));
	return true;
}
