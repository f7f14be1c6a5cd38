/* digit_mask.h - a line with every digit written as 0
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_PIPELINE_DIGIT_MASK_H
#define SIFTD_PIPELINE_DIGIT_MASK_H

#include "base/slice.h"

/* out has room for text.len bytes and does not overlap text */
void digit_mask(struct slice text, char *out);

#endif
