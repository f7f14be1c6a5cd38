/* cursor.h - where a page ended, as opaque text
 *
 * Threads: any; pure. sodium_init was called.
 */
#ifndef SIFTD_API_CURSOR_H
#define SIFTD_API_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define CURSOR_TEXT_SIZE 24 /* 17 bytes as base64url, and NUL: 24 */

/* the last row's sort value and id; `kind` names the order, so that a cursor of one
 * list is refused by another */
struct cursor {
	char kind;
	int64_t value;
	int64_t id;
};

void cursor_write(const struct cursor *cursor, char out[CURSOR_TEXT_SIZE]);
/* false: not a cursor of that kind */
bool cursor_read(struct slice text, char kind, struct cursor *out);

#endif
