/* sift_live.h - the report on a terminal while the input goes on
 *
 * Threads: one owner. Owner: sift_live_free puts the terminal back.
 * Limits: a picture at most every 250 ms, and never more than a fifth of the time; one
 *         costs the same whatever was read, as groups and findings are bounded.
 *
 * Pictures go to the terminal's second screen, so the scrollback has only the final
 * report.
 */
#ifndef SIFTD_DAEMON_SIFT_LIVE_H
#define SIFTD_DAEMON_SIFT_LIVE_H

#include <stdbool.h>

#include "base/buf.h"

struct sift_live;

/* fills text with a picture of so many rows and columns, each row drawn by a sift_pen
 */
typedef void sift_live_fn(void *context, size_t rows, size_t columns, struct buf *text);

struct sift_live *sift_live_new(sift_live_fn *draw, void *context);
void sift_live_free(struct sift_live **live);
/* draws when it is time to; `changed`: there is something new to show */
void sift_live_turn(struct sift_live *live, bool changed);
/* columns of standard output: of the terminal, or else of COLUMNS, or else 200 */
size_t sift_live_columns(void);

#endif
