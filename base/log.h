/* log.h - siftd's own log: a tag, a sentence, key=value pairs, to stderr
 *
 * Threads: any; a line is written whole.
 * Owner: nothing is kept.
 * Limits: a line is cut at 2 KB; each call site writes at most 20 lines in 10 s, then
 *         says once how many it held back (debug lines are not limited).
 *
 * Format: `<N>`-less logfmt: ts=... level=warn tag=file_tail msg="..." - the message
 * given here becomes msg; put pairs at its end: log_warn("kafka", "lost broker id=%d",
 * id). Never a payload above debug.
 */
#ifndef SIFTD_BASE_LOG_H
#define SIFTD_BASE_LOG_H

#include <stdint.h>

#include "base/compiler.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* one call site's allowance; the macros make it */
struct log_site {
	int64_t since_us;
	unsigned written;
	unsigned held;
};

typedef void log_sink_fn(enum log_level level, const char *line, void *context);

/* lines below the level are not formatted; default INFO */
void log_set_level(enum log_level level);
/* -1 when the name is none of debug, info, warn, error */
MUST_CHECK int log_level_parse(const char *name, enum log_level *out);
/* replaces stderr, for tests; NULL restores it */
void log_set_sink(log_sink_fn *sink, void *context);

void log_write(struct log_site *site, enum log_level level, const char *tag,
	       const char *format, ...) PRINTF_LIKE(4, 5);

#define LOG_AT(level, tag, ...)                                                        \
	do {                                                                           \
		static struct log_site log_site_here;                                  \
		log_write(&log_site_here, level, tag, __VA_ARGS__);                    \
	} while (0)
#define log_debug(tag, ...) LOG_AT(LOG_LEVEL_DEBUG, tag, __VA_ARGS__)
#define log_info(tag, ...) LOG_AT(LOG_LEVEL_INFO, tag, __VA_ARGS__)
#define log_warn(tag, ...) LOG_AT(LOG_LEVEL_WARN, tag, __VA_ARGS__)
#define log_error(tag, ...) LOG_AT(LOG_LEVEL_ERROR, tag, __VA_ARGS__)

#endif
