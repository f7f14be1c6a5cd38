/* values.h - the variables in generated messages
 *
 * Threads: any; pure but for the random numbers.
 */
#ifndef SIFTD_BENCH_VALUES_H
#define SIFTD_BENCH_VALUES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "bench/random.h"

typedef void value_fn(struct random *random, struct buf *out);

/* NULL when no variable has that name */
value_fn *value_find(struct slice name);

value_fn value_ip, value_path, value_request_id, value_bytes, value_url;

void value_append_number(struct buf *out, uint64_t number);
void value_append_hex(struct buf *out, uint64_t number, unsigned digits);
/* with zeros in front */
void value_append_padded(struct buf *out, uint64_t number, unsigned digits);

#endif
