/* learner_apply.h - a decision carried out: a template made, what it covers merged, and
 * what follows from that decided in turn
 *
 * Threads: the learner's, under its mutex.
 * Limits: generalised templates take half of the learner's limit; what is refused is
 * counted.
 */
#ifndef SIFTD_PIPELINE_LEARNER_APPLY_H
#define SIFTD_PIPELINE_LEARNER_APPLY_H

#include "pipeline/learner_core.h"

struct learner_change {
	struct template *general; /* taken */
	const uint32_t *members;
	size_t members_count;
	const char *reason;
	unsigned depth; /* of changes that led to this one */
};

void apply_change(struct learner *learner, const struct learner_change *change);
/* journals a new leaf and enters it where it could vary, which may merge it */
void apply_leaf(struct learner *learner, uint32_t slot);
/* enters what was stored, without deciding anything */
void apply_restored(struct learner *learner, uint32_t slot);
/* makes one group of two and journals it, unless a person made both */
void apply_unite(struct learner *learner, uint32_t a, uint32_t b, const char *reason);

#endif
