/* utf8.h - telling valid UTF-8 sequences (RFC 3629) from other bytes
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_BASE_UTF8_H
#define SIFTD_BASE_UTF8_H

#include "base/slice.h"

/* bytes of the valid sequence at the start (1 to 4), 0 when there is none */
size_t utf8_sequence(struct slice s);

bool utf8_valid(struct slice s);

#endif
