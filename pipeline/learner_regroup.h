/* learner_regroup.h - what a person decided about groups
 *
 * Threads: the learner's, under its mutex.
 */
#ifndef SIFTD_PIPELINE_LEARNER_REGROUP_H
#define SIFTD_PIPELINE_LEARNER_REGROUP_H

#include "pipeline/learner_core.h"

void regroup(struct learner *learner, const struct learner_move *moves, size_t count);

#endif
