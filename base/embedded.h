/* embedded.h - a file that was compiled into the program (cmake/embed.cmake)
 *
 * Threads: any; constant. Owner: the program.
 */
#ifndef SIFTD_BASE_EMBEDDED_H
#define SIFTD_BASE_EMBEDDED_H

#include "base/slice.h"

struct embedded_file {
	const char *name;   /* without its folder */
	struct slice bytes; /* a NUL stands behind them */
};

#endif
