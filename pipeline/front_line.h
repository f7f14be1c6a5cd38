/* front_line.h - a line of a front's window, and the one looked up ahead
 *
 * Threads: as a front. For front.c only.
 * Owner: a line borrows from the window.
 */
#ifndef SIFTD_PIPELINE_FRONT_LINE_H
#define SIFTD_PIPELINE_FRONT_LINE_H

#include <stdbool.h>

#include "base/slice.h"
#include "pipeline/shape_cache.h"

/* a line of the window */
struct line {
	struct slice text; /* without its end */
	size_t full;       /* with it */
	bool ended;        /* by a line feed */
	bool piece;        /* of a line that is too long */
};

/* the line behind the one at hand, when it lies whole in the input */
struct ahead {
	bool any;
	const char *at;
	struct line line;
	struct shape_use use;
};

static inline void trim_line(struct line *line)
{
	line->text.len -= line->ended ? 1 : 0;
	if (!line->piece && line->text.len > 0 &&
	    line->text.ptr[line->text.len - 1] == '\r')
		line->text.len--;
}

#endif
