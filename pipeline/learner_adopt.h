/* learner_adopt.h - what another learner found, brought together with what this one did
 *
 * Threads: the learner's, under its mutex.
 */
#ifndef SIFTD_PIPELINE_LEARNER_ADOPT_H
#define SIFTD_PIPELINE_LEARNER_ADOPT_H

#include "pipeline/learner_core.h"

/* unites a template that was just put back with those it covers, or that cover it */
void adopt_unite(struct learner *learner, uint32_t slot);

#endif
