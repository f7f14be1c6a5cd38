/* normalize_kinds.h - messages that are more than one line of text
 *
 * Threads: any; pure. Each appends to tokens whose text is the record's body.
 */
#ifndef SIFTD_PIPELINE_NORMALIZE_KINDS_H
#define SIFTD_PIPELINE_NORMALIZE_KINDS_H

#include "pipeline/normalize.h"

/* method, route with its ids masked, class of the status; false: the body does not
 * begin with a quoted request */
bool normalize_access(struct tokens *tokens);
/* the message, and the set of keys beside it in any order; without a message, the keys
 */
void normalize_keyed(const struct record *record, struct tokens *tokens);
/* the first line, then types of exceptions and the frames nearest to them; line numbers
 * and addresses are left out */
void normalize_lines(struct tokens *tokens);

#endif
