/* learner_match.h - hashes of templates, and finding the generalised one that fits
 *
 * Threads: the learner's, under its mutex.
 */
#ifndef SIFTD_PIPELINE_LEARNER_MATCH_H
#define SIFTD_PIPELINE_LEARNER_MATCH_H

#include "pipeline/learner_core.h"

/* a walk over the fields of a template that can stand for one value: 2 to 4 tokens, one
 * of them a variable. Starts as { 0 }. */
struct field_walk {
	size_t first; /* tokens [first, first + count) are the field */
	size_t count;
	uint64_t content; /* of the template with the field as one variable */
	size_t next;      /* token to go on with */
	uint64_t before;  /* position hashes of the tokens in front of it */
};

/* a walk over the texts behind a colon that reach to the end of the message and may be
 * of any length: reasons, states, errors of others. Starts as { 0 }. */
struct tail_walk {
	size_t first; /* tokens [first, first + count) are the text */
	size_t count;
	uint64_t content; /* of the template with the text as one variable */
	size_t next;      /* token to go on with */
};

uint64_t match_guard_key(const struct template *template);
/* token count and classes, and the length class of a template that is of one */
uint64_t match_shape(const struct template *template);
/* false at the end */
bool match_next_field(const struct template *template, struct field_walk *walk);
/* under which a generalised template is found by its content */
uint64_t match_content_key(const struct template *template);
/* as match_next_field */
bool match_next_tail(const struct template *template, struct tail_walk *walk);
bool match_covers(const struct template *general, const struct template *leaf);
/* slot of the oldest generalised template that covers it, or ENTRY_NONE */
uint32_t match_find(struct learner *learner, const struct template *template);

#endif
