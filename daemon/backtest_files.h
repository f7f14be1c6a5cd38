/* backtest_files.h - what rules would have found in files
 *
 * Threads: the caller's. Owner: nothing is kept.
 * Limits: those of replay.h: when one is reached, the answers tell of what was read
 * until then, and say so; BACKTEST_KEYS findings of a rule are written.
 */
#ifndef SIFTD_DAEMON_BACKTEST_FILES_H
#define SIFTD_DAEMON_BACKTEST_FILES_H

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/rules.h"

struct backtest_files {
	const struct rules *rules;
	char *const *paths; /* none: standard input */
	size_t paths_count;
	/* of events' time, both inclusive; TIMESTAMP_NONE: open */
	int64_t from_us, to_us;
};

/* appends a JSON object a rule, each a line: members as those of POST
 * .../rules/backtest, but for templates; `line` of evidence counts over all files. -1:
 * a file could not be read; what could be is answered all the same */
MUST_CHECK int backtest_files_run(const struct backtest_files *wish, struct buf *out,
				  struct error *error);

#endif
