/* learner_match.h - hashes of templates, and finding the generalised one that fits
 *
 * Threads: the learner's, under its mutex.
 */
#ifndef SIFTD_PIPELINE_LEARNER_MATCH_H
#define SIFTD_PIPELINE_LEARNER_MATCH_H

#include "pipeline/learner_core.h"

/* tokens [first, first + count) of one field */
struct field_range {
	size_t first;
	size_t count;
};

uint64_t match_guard_key(const struct template *template);
/* token count and classes */
uint64_t match_shape(const struct template *template);
/* the next field at or behind *token that can stand for one value: 2 to 4 tokens, one
 * of them a variable; false at the end */
bool match_next_field(const struct template *template, size_t *token,
		      struct field_range *range);
bool match_covers(const struct template *general, const struct template *leaf);
/* slot of the oldest generalised template that covers it, or ENTRY_NONE */
uint32_t match_find(struct learner *learner, const struct template *template);

#endif
