/* parse_audit.c - the Linux audit log: type=TYPE msg=audit(EPOCH:SERIAL): PAIRS
 *
 * The body is the type and the pairs: what stands between differs in every record. */
#include "pipeline/pair_scan.h"
#include "pipeline/parse.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/text_attributes.h"

bool parse_audit(const struct parse_input *input, struct record *record)
{
	static const char mark[] = " msg=audit(";
	const size_t mark_len = sizeof(mark) - 1;
	struct slice raw = input->raw;
	const char *at = NULL;
	const char *end = NULL;

	if (!slice_starts_with(raw, SLICE("type=")))
		return false;
	/* stamps and levels may be numbers */
	stamp_trace_refuse(input->context->trace);
	at = memmem(raw.ptr, raw.len, mark, mark_len);
	end = at == NULL ? NULL
			 : memmem(at, (size_t)(raw.ptr + raw.len - at), "): ", 3);
	if (end == NULL)
		return false;

	struct slice type = slice_from(slice_head(raw, (size_t)(at - raw.ptr)), 5);
	struct slice id = slice_of(at + mark_len, (size_t)(end - at) - mark_len);
	struct slice pairs = slice_from(raw, (size_t)(end + 3 - raw.ptr));
	const char *colon = memchr(id.ptr, ':', id.len);

	if (colon == NULL)
		return false;
	record->timestamp_us =
		timestamp_of_epoch_text(slice_head(id, (size_t)(colon - id.ptr)));
	if (record->timestamp_us == TIMESTAMP_NONE)
		return false;

	char *body = arena_alloc(input->scratch, type.len + 1 + pairs.len);

	memcpy(body, type.ptr, type.len);
	body[type.len] = ' ';
	memcpy(body + type.len + 1, pairs.ptr, pairs.len);
	record->body = slice_of(body, type.len + 1 + pairs.len);
	record_add_attribute(record, SLICE("type"), type);
	record_add_attribute(record, SLICE("audit.id"), id);
	if (input->attributes)
		text_attributes_add((struct slice){ 0 }, record);
	record->confidence = 95;
	return true;
}
