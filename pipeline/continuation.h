/* continuation.h - tells lines that go on from lines that begin a record
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_PIPELINE_CONTINUATION_H
#define SIFTD_PIPELINE_CONTINUATION_H

#include <stdbool.h>

#include "base/slice.h"

enum line_shape {
	LINE_PLAIN, /* nothing that tells */
	LINE_BLANK, /* blanks only */
	LINE_INDENTED,
	LINE_STACK,  /* part of a stack trace, or a closing bracket */
	LINE_PYTHON, /* "Traceback (most recent call last):": one unindented line ends
			it */
	LINE_CHAIN,  /* says that another trace of the same failure follows */
	LINE_CRASH,  /* the first line of a trace that no logger wrote */
	LINE_BLOCK,  /* begins a block of "name: value" lines, which ends at the next */
	LINE_BRACE,  /* JSON object */
	LINE_PRIORITY, /* syslog <PRI> */
	LINE_PAIRS     /* logfmt */
};

/* line: without its line end */
enum line_shape line_shape_of(struct slice line);
/* both begin with two fields of the same shape (12-a, [0/x]), which is no common word:
 * what the first one is to the stream, the second is too */
bool lines_begin_alike(struct slice a, struct slice b);
/* java.io.IOException, ValueError */
bool name_is_exception(struct slice name);
/* a plain line with which runtimes begin a trace that no logger wrote: an exception and
 * its message, or the source line where it was thrown */
bool line_heads_trace(struct slice line);
/* an indented or stack line that names a place in the code */
bool line_is_frame(struct slice line);
/* the next line belongs to this one, whatever it looks like */
bool line_wants_more(struct slice line);

#endif
