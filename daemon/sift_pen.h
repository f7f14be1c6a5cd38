/* sift_pen.h - writes lines that never leave the terminal's width
 *
 * Threads: one owner. Owner: the buffer is the caller's.
 * Limits: `columns` columns a line, `rows` lines; what is more is cut, or not written.
 */
#ifndef SIFTD_DAEMON_SIFT_PEN_H
#define SIFTD_DAEMON_SIFT_PEN_H

#include <stdbool.h>

#include "base/buf.h"

struct sift_pen {
	struct buf *out;
	bool colour;
	bool screen; /* lines overwrite those of an earlier picture */
	size_t columns;
	size_t left; /* columns of this line */
	size_t rows; /* lines that may still be written, this one included */
};

/* code: an SGR parameter such as "1;31", or NULL */
void sift_pen_put(struct sift_pen *pen, const char *code, struct slice text);
void sift_pen_printf(struct sift_pen *pen, const char *code, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* in exactly so many columns, the text at their left */
void sift_pen_field(struct sift_pen *pen, const char *code, struct slice text,
		    size_t columns);
/* what was drawn elsewhere: safe text, codes included, that takes so many columns */
void sift_pen_drawn(struct sift_pen *pen, struct slice drawn, size_t columns);
void sift_pen_end_line(struct sift_pen *pen);

#endif
