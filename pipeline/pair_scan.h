/* pair_scan.h - key=value pairs, one by one
 *
 * Threads: any; pure.
 * Owner: keys and values borrow from the text.
 */
#ifndef SIFTD_PIPELINE_PAIR_SCAN_H
#define SIFTD_PIPELINE_PAIR_SCAN_H

#include <stdbool.h>

#include "base/slice.h"

struct pair {
	struct slice key;
	struct slice value; /* between its quotes, if it has any */
	bool has_value;     /* logfmt allows a key alone */
	bool escaped;       /* backslashes are in the value */
};

/* logfmt: the field at the start of rest; false: it is none, or rest is empty */
bool pair_take(struct slice *rest, struct pair *pair);
/* the next pair anywhere in rest, skipping what is none; false: no more */
bool pair_find(struct slice *rest, struct pair *pair);
/* the line begins with pairs, one of which has a key that loggers use */
bool pairs_begin_line(struct slice line);

#endif
