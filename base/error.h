/* error.h - why a call failed, as one sentence for a person
 *
 * Threads: a struct error belongs to one caller at a time.
 * Owner: the caller, usually on its stack; nothing to free.
 * Limits: messages are cut at ERROR_TEXT_MAX - 1 bytes.
 *
 * A fallible function returns 0, or -1 after it filled its last parameter. The text
 * says what, whose, why: "file_tail /var/log/x: open: Permission denied".
 */
#ifndef SIFTD_BASE_ERROR_H
#define SIFTD_BASE_ERROR_H

#include "base/compiler.h"

#define ERROR_TEXT_MAX 512

struct error {
	char text[ERROR_TEXT_MAX];
};

/* fills the error; always -1, so that `return error_set(...)` reads well */
int error_set(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* as error_set, followed by ": " and the text of errno */
int error_set_errno(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* puts "what: " before the text that is there */
int error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
