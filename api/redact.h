/* redact.h - takes secrets out of a text before it leaves the house
 *
 * Threads: one owner at a time.
 * Owner: redactor_free frees; texts are copied. A redaction is a plain value, zeroed at
 *        first.
 * Limits: a pattern may take REDACT_STEPS_MAX steps on a text; beyond, or where
 * anything else fails, the whole text is withheld. REDACT_VALUES_MAX different values
 * are told apart, those beyond share the number 0.
 *
 * A secret becomes "[REDACTED-kind-N]", the same value the same N, so that a reader can
 * still tell that two lines hold the same one. Patterns are those of secret scanners
 * (forms that vendors publish), names of settings that hold secrets, and personal data
 * that has a checksum: cards (ISO/IEC 7812-1) and accounts (ISO 13616).
 */
#ifndef SIFTD_API_REDACT_H
#define SIFTD_API_REDACT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define REDACT_STEPS_MAX 200000
#define REDACT_VALUES_MAX 256
#define REDACT_WITHHELD "[REDACTED-text]"

struct redactor;

/* what one reader gets: the values that were taken out so far, whose place is their
 * number */
struct redaction {
	uint64_t values[REDACT_VALUES_MAX]; /* hashes */
	size_t values_count;
	size_t count; /* replaced, each time */
};

struct redactor *redactor_new(void);
void redactor_free(struct redactor **redactor);
/* appends text to out without its secrets */
void redact(struct redactor *redactor, struct redaction *redaction, struct slice text,
	    struct buf *out);

#endif
