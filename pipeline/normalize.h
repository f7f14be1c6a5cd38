/* normalize.h - a record's message as a sequence of classed tokens, and its fingerprint
 *
 * Threads: a struct tokens belongs to one thread. Pure.
 * Owner: tokens borrow from the record's body.
 * Limits: TOKENS_MAX tokens; a longer message is normalized up to there (counted by the
 * caller through tokens.cut). Source: the algorithm that docs/grouping.md describes.
 */
#ifndef SIFTD_PIPELINE_NORMALIZE_H
#define SIFTD_PIPELINE_NORMALIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "pipeline/record.h"

#define TOKENS_MAX 256
/* stored beside every fingerprint; a new lexer gets a new version */
#define NORMALIZE_VERSION 1

/* what a variable looks like; names the placeholder in the readable template */
enum variable_type {
	VARIABLE_ANY,
	VARIABLE_NUMBER,
	VARIABLE_IP,
	VARIABLE_HEX,
	VARIABLE_UUID,
	VARIABLE_PATH,
	VARIABLE_URL,
	VARIABLE_EMAIL,
	VARIABLE_TIME,
	VARIABLE_DURATION,
	VARIABLE_SIZE,
	VARIABLE_ID,
	VARIABLE_USER
};

struct tokens; /* defined below by its owner, data is the interface */

/* fills tokens from the record (its body; format decides for JSON, access logs, traces)
 */
void normalize_record(const struct record *record, struct tokens *tokens);
/* the leaf fingerprint: stateless, equal on every machine */
uint64_t normalize_fingerprint(const struct tokens *tokens);
#endif
