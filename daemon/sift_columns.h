/* sift_columns.h - text of any bytes, cut to so many columns of a terminal
 *
 * Threads: one; columns_init changes the process's character type, so it is called at
 *          start. Owner: the buffer is the caller's.
 *
 * What is written is safe for a terminal: control bytes and bytes that are no UTF-8
 * stand as \xNN, a tab as a blank, a line feed as a return sign; colours that the text
 * brings along are left out.
 */
#ifndef SIFTD_DAEMON_SIFT_COLUMNS_H
#define SIFTD_DAEMON_SIFT_COLUMNS_H

#include "base/buf.h"

/* makes the widths of wide characters known; without it every character is ASCII */
void columns_init(void);
/* columns that the whole text takes */
size_t columns_of(struct slice text);
/* Appends at most `columns` columns; what does not fit ends in an ellipsis. Returns the
 * columns used. */
size_t columns_append(struct buf *out, struct slice text, size_t columns);

#endif
