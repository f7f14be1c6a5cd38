/* learner_learn.h - the decisions: when templates that differ become one group
 *
 * Threads: the learner's, under its mutex. Source: docs/grouping.md.
 */
#ifndef SIFTD_PIPELINE_LEARNER_LEARN_H
#define SIFTD_PIPELINE_LEARNER_LEARN_H

#include "pipeline/learner_core.h"

/* adds a new leaf, decides what it changes, journals it; takes the template */
uint32_t learn_leaf(struct learner *learner, uint64_t key, struct template *template);
/* puts back what was decided before, without deciding anything; takes the template */
uint32_t learn_restored(struct learner *learner, uint64_t key,
			struct template *template, bool generalised);
/* the last restored leaf has seen its merges: to be called before the next leaf */
void learn_settle(struct learner *learner);
/* the free-text template of all messages of a coarse shape (learner_pressure.h);
 * ENTRY_NONE: there is no room for one */
uint32_t learn_free_length(struct learner *learner, unsigned shape);
/* near its limits: evicting, or about to */
bool learn_is_full(const struct learner *learner);
/* evicts until the limits hold */
void learn_evict(struct learner *learner);

#endif
