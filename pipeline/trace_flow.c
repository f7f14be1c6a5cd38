/* trace_flow.c - Python's traces in particular, whose last line looks like any other */
#include "pipeline/trace_flow.h"

struct trace_flow trace_flow_begin(const struct judgement *first)
{
	return (struct trace_flow){
		.phase = first->shape == LINE_PYTHON ? TRACE_PYTHON : TRACE_NONE,
		.said = first->begins && first->shape != LINE_CRASH,
	};
}

/* Python's first line: behind another trace it is another failure, unless it was said
 * to be of the same */
static bool begins_here(const struct trace_flow *flow)
{
	if (flow->phase == TRACE_NONE)
		return !flow->frames && (flow->said || !flow->longer);
	return flow->phase != TRACE_ENDED;
}

bool trace_flow_goes_on(struct trace_flow *flow, const struct judgement *line)
{
	switch (line->shape) {
	case LINE_PYTHON:
		if (!begins_here(flow))
			return false;
		flow->phase = TRACE_PYTHON;
		return true;
	case LINE_CHAIN:
		flow->phase = TRACE_CHAINED;
		return true;
	case LINE_PLAIN:
		if (flow->phase != TRACE_PYTHON)
			return false;
		flow->phase = TRACE_ENDED;
		return true;
	case LINE_BLANK:
	case LINE_INDENTED:
	case LINE_STACK:
	case LINE_CRASH:
	case LINE_BLOCK:
	case LINE_BRACE:
	case LINE_PRIORITY:
	case LINE_PAIRS:
	default:
		return false;
	}
}

bool trace_flow_parts(const struct trace_flow *flow, const struct judgement *line)
{
	return line->shape == LINE_PYTHON || (line->head && flow->frames);
}

void trace_flow_note(struct trace_flow *flow, const struct judgement *line)
{
	flow->longer = true;
	flow->frames |= line->frame;
}
