/* backtest_print.h - answers of back-tests as text for people
 *
 * Threads: any. Owner: nothing is kept.
 */
#ifndef SIFTD_DAEMON_BACKTEST_PRINT_H
#define SIFTD_DAEMON_BACKTEST_PRINT_H

#include "base/slice.h"

/* writes JSON objects, each a line, to standard output; what a log holds is written
 * without its control characters */
void backtest_print(struct slice answers);

#endif
