/* envelope.h - lines that container runtimes wrapped: CRI and Docker's json-file
 *
 *   2016-10-06T00:17:09.669794202Z stderr F the line
 *   {"log":"the line\n","stream":"stderr","time":"2016-10-06T00:17:09.669794202Z"}
 *
 * Threads: any; pure.
 * Owner: the inner text borrows from the line, or lies in the scratch arena.
 */
#ifndef SIFTD_PIPELINE_ENVELOPE_H
#define SIFTD_PIPELINE_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct envelope {
	struct slice stamp;
	struct slice stream; /* "stdout" or "stderr" */
	struct slice inner;  /* without its line end; JSON escapes still in it */
	bool escaped;
	bool partial; /* the runtime split the line: the next one goes on */
};

/* line: without its line end; false: it is no envelope */
bool envelope_open(struct slice line, struct envelope *envelope);
/* the inner text of all lines of raw, the first of which `first` was opened from */
struct slice envelope_unwrap(struct slice raw, const struct envelope *first,
			     struct arena *scratch);

#endif
