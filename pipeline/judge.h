/* judge.h - what a line means to the assembly of records
 *
 * Threads: any; pure.
 * Owner: a judgement borrows nothing.
 */
#ifndef SIFTD_PIPELINE_JUDGE_H
#define SIFTD_PIPELINE_JUDGE_H

#include "base/arena.h"
#include "pipeline/continuation.h"
#include "pipeline/header.h"

struct judgement {
	enum line_shape shape;
	bool begins;   /* has what only a record's first line has */
	bool scanned;  /* header is filled */
	bool partial;  /* its end is in the next line */
	bool complete; /* a JSON object closed on its line: nothing goes on from it */
	bool wants_more;
	bool frame;  /* of a stack trace */
	bool head;   /* of a trace that no logger wrote, though any text may look so */
	bool annex;  /* adds to the record before, though it has a header */
	char stream; /* of an envelope: 'o' or 'e' of stdout, stderr; 0 */
	struct header header;
};

/* line: without its end; one in an envelope is judged by what is inside. The header is
 * left as it was unless scanned is set. */
void judge_line(struct slice line, const struct timestamp_context *context,
		struct arena *scratch, struct judgement *out);

/* "error: x", "panic: x": a level, but no sign that all records have headers */
bool judge_is_bare_word(struct slice text, const struct judgement *judged);

#endif
