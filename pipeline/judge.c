/* judge.c - shapes first, as they are cheap; the header only of lines without one */
#include "pipeline/judge.h"

#include "pipeline/byte_class.h"

#include "pipeline/envelope.h"
#include "pipeline/json_scan.h"
#include "pipeline/parse_header.h"

/* enough of an escaped line to judge its header */
#define PEEK_BYTES 256

static bool closes_object(struct slice text)
{
	while (text.len > 0 &&
	       (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text.len > 1 && text.ptr[text.len - 1] == '}';
}

static void judge_text(struct slice text, const struct timestamp_context *context,
		       struct judgement *out)
{
	out->shape = line_shape_of(text);
	switch (out->shape) {
	case LINE_BRACE:
		out->complete = closes_object(text);
		out->begins = true;
		return;
	case LINE_PRIORITY:
	case LINE_PAIRS:
	case LINE_BLOCK:
		out->begins = true;
		return;
	case LINE_CRASH:
		out->begins = true;
		out->wants_more = line_wants_more(text);
		return;
	case LINE_PLAIN:
		header_scan(text, context, &out->header);
		out->scanned = true;
		out->begins = out->header.found;
		out->annex = out->begins && header_is_annex(text, &out->header);
		if (!out->begins) {
			out->wants_more = line_wants_more(text);
			out->head = line_heads_trace(text);
		}
		return;
	case LINE_INDENTED:
		out->wants_more = line_wants_more(text);
		out->frame = line_is_frame(text);
		return;
	case LINE_STACK:
		out->frame = line_is_frame(text);
		return;
	case LINE_BLANK:
	case LINE_PYTHON:
	case LINE_CHAIN:
	default:
		return;
	}
}

void judge_line(struct slice line, const struct timestamp_context *context,
		struct arena *scratch, struct judgement *out)
{
	struct envelope envelope;

	out->begins = false;
	out->scanned = false;
	out->partial = false;
	out->complete = false;
	out->wants_more = false;
	out->annex = false;
	out->frame = false;
	out->head = false;
	out->stream = 0;
	if (!envelope_open(line, &envelope)) {
		judge_text(line, context, out);
		return;
	}
	if (envelope.escaped) {
		envelope.inner =
			json_unescape(slice_head(envelope.inner, PEEK_BYTES), scratch);
		envelope.inner = parse_first_line(envelope.inner);
	}
	judge_text(envelope.inner, context, out);
	/* the header of a part of the line is not the header of the line */
	if (envelope.escaped || envelope.partial)
		out->scanned = false;
	if (out->shape == LINE_BLANK)
		out->shape = LINE_INDENTED;
	out->partial = envelope.partial;
	out->stream = envelope.stream.ptr[3];
}

bool judge_is_bare_word(struct slice text, const struct judgement *judged)
{
	return judged->scanned && judged->header.timestamp_us == TIMESTAMP_NONE &&
	       byte_is(text.ptr[0], BYTE_LOWER);
}
