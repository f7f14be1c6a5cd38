/* adversarial.h - lines that were made to be dear: they never repeat, or are malformed
 */
#ifndef SIFTD_BENCH_ADVERSARIAL_H
#define SIFTD_BENCH_ADVERSARIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "bench/random.h"

size_t adversarial_count(void);
const char *adversarial_name(size_t kind);
/* the nth line with its line end */
void adversarial_write(size_t kind, uint64_t nth, struct random *random,
		       struct buf *out);

#endif
