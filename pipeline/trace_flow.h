/* trace_flow.h - where in a stack trace an open record is, and whether a line goes on
 *
 * Threads: any; pure.
 *
 * Traces of programs that write to standard error have no header, so one ends where the
 * next begins. Within a record a line that looks like a trace's head may be said after
 * the message of a logger, but hardly behind frames.
 */
#ifndef SIFTD_PIPELINE_TRACE_FLOW_H
#define SIFTD_PIPELINE_TRACE_FLOW_H

#include "pipeline/judge.h"

enum trace_phase {
	TRACE_NONE,
	TRACE_PYTHON, /* one unindented line is to come */
	TRACE_ENDED,  /* it came */
	TRACE_CHAINED /* another trace of the same failure was announced */
};

struct trace_flow {
	enum trace_phase phase;
	bool said;   /* a logger began the record */
	bool longer; /* than its first line */
	bool frames; /* one was seen */
};

struct trace_flow trace_flow_begin(const struct judgement *first);
/* true: the line is part of the trace, whatever else it looks like */
bool trace_flow_goes_on(struct trace_flow *flow, const struct judgement *line);
/* asked when it does not go on: the line begins another trace, what is open ends */
bool trace_flow_parts(const struct trace_flow *flow, const struct judgement *line);
/* the line became part of the record */
void trace_flow_note(struct trace_flow *flow, const struct judgement *line);

#endif
