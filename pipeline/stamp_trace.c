/* stamp_trace.c - notes the calls of timestamp_scan */
#include "pipeline/stamp_trace.h"

static bool is_noted(const struct stamp_trace *trace, const struct stamp_probe *probe)
{
	for (unsigned i = 0; i < trace->count; i++) {
		if (trace->probes[i].at == probe->at &&
		    trace->probes[i].given == probe->given &&
		    trace->probes[i].klog == probe->klog)
			return true;
	}
	return false;
}

void stamp_trace_note(struct stamp_trace *trace, struct slice text, size_t taken,
		      const struct timestamp_match *match, bool klog)
{
	uintptr_t line = (uintptr_t)trace->line.ptr;
	uintptr_t at = (uintptr_t)text.ptr;

	/* a copy, or text that was unescaped */
	if (at < line || at - line > trace->line.len ||
	    text.len > trace->line.len - (at - line) || trace->line.len > UINT16_MAX) {
		trace->refused = true;
		return;
	}

	struct stamp_probe probe = {
		.at = (uint16_t)(at - line),
		.given = (uint16_t)text.len,
		.taken = (uint16_t)taken,
		.shape = taken > 0 ? (uint8_t)match->shape : 0,
		.klog = klog,
	};

	/* an absurd time is kept as stated, in an attribute that a shape does not hold
	 */
	if (taken > 0 && match->us == TIMESTAMP_NONE) {
		trace->refused = true;
		return;
	}
	if (is_noted(trace, &probe))
		return;
	if (trace->count == STAMP_PROBES_MAX) {
		trace->refused = true;
		return;
	}
	trace->times[trace->count] = taken > 0 ? match->us : TIMESTAMP_NONE;
	trace->probes[trace->count++] = probe;
}
