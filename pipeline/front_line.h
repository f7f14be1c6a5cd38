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

/* the line or the record behind the one at hand, when it lies whole in the input */
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

/* without one line feed, and one carriage return before it */
struct slice line_without_end(struct slice bytes);
/* looks the first line of the window up, if it ends there; shapes may be NULL */
void ahead_line(struct ahead *ahead, struct shape_cache *shapes, struct slice window);
/* use: of the record at hand, as far as it is known; then ahead is of the next one, ""
 * when there is none */
void ahead_record(struct ahead *ahead, struct shape_cache *shapes, struct slice next,
		  struct slice text, struct shape_use *use);

#endif
