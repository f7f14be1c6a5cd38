/* shapes.h - runs of text that are one variable although they hold separators
 *
 * Threads: any; pure. Each function looks at text[at, end) and returns the offset
 * behind the shape that begins at `at`, or 0 when none does.
 */
#ifndef SIFTD_PIPELINE_SHAPES_H
#define SIFTD_PIPELINE_SHAPES_H

#include <stddef.h>

#include "pipeline/normalize.h"

/* dates, times, addresses, digit groups: digits with any of : . / , _ + - T Z */
size_t shape_digits(const char *text, size_t at, size_t end, enum variable_type *type);
/* MAC and IPv6 addresses */
size_t shape_colon_hex(const char *text, size_t at, size_t end);
/* /a/b, and C:\a or C:/a */
size_t shape_path(const char *text, size_t at, size_t end);
/* scheme://... ; colon is the offset of the `:` */
size_t shape_url(const char *text, size_t colon, size_t end);

#endif
