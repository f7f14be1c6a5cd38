/* formats.h - the shapes of generated log lines
 *
 * Threads: a struct moment belongs to one thread.
 */
#ifndef SIFTD_BENCH_FORMATS_H
#define SIFTD_BENCH_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "bench/random.h"
#include "bench/templates.h"

/* a time, with what is written of it kept for as long as its second lasts */
struct moment {
	int64_t second;
	uint32_t microsecond;
	char iso[24];    /* 2026-01-05T08:00:00 */
	char spaced[24]; /* 2026-01-05 08:00:00 */
	char bsd[24];    /* Jan  5 08:00:00 */
	char access[32]; /* 05/Jan/2026:08:00:00 +0000 */
	char klog[24];   /* 0105 08:00:00 */
	char apache[24]; /* Mon Jan 05 08:00:00 */
	char redis[32];  /* 05 Jan 2026 08:00:00 */
};

void moment_set(struct moment *moment, int64_t time_us);

size_t formats_count(void);
const char *format_name(size_t format);
/* one line with its line end */
void format_write(size_t format, const struct templates *templates,
		  const struct moment *moment, struct random *random, struct buf *out);

#endif
