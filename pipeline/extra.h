/* extra.h - attributes that came beside a record's bytes: a key, headers
 *
 * Threads: any; pure. Owner: what is read borrows from the bytes.
 * Limits: none of its own; the source bounds what it appends.
 *
 * A pair is two lengths of 4 bytes, little endian, then key and value.
 */
#ifndef SIFTD_PIPELINE_EXTRA_H
#define SIFTD_PIPELINE_EXTRA_H

#include <stdbool.h>

#include "base/buf.h"
#include "pipeline/record.h"

/* the key is prefix and name */
void extra_append(struct buf *pairs, const char *prefix, struct slice name,
		  struct slice value);
/* the first pair, taken off; false: none, or no pair */
bool extra_take(struct slice *pairs, struct attribute *out);
/* adds the pairs to the record's attributes, and as JSON text in json to record->extra
 */
void extra_apply(struct slice pairs, struct record *record, struct buf *json);

#endif
