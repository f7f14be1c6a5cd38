/* clock.h - the time, for everything outside the pipeline (which is told the time)
 *
 * Threads: any.
 */
#ifndef SIFTD_BASE_CLOCK_H
#define SIFTD_BASE_CLOCK_H

#include <stdint.h>

/* since the epoch, UTC; may jump */
int64_t clock_now_us(void);
/* since some start; never goes back */
int64_t clock_monotonic_us(void);

#endif
