/* learner_pairs.h - templates that differ in the same two or three places at once
 *
 * Threads: the learner's, under its mutex.
 * Limits: looks at the unmerged leaves of one guard, and at PAIR_GENERALISED_MAX of its
 * generalised templates.
 */
#ifndef SIFTD_PIPELINE_LEARNER_PAIRS_H
#define SIFTD_PIPELINE_LEARNER_PAIRS_H

#include "pipeline/learner_core.h"

#define PAIR_GENERALISED_MAX 32
#define PAIR_MEMBERS_MAX (GUARD_LEAVES_MAX + PAIR_GENERALISED_MAX)

struct pair_find {
	uint64_t wild[WILD_WORDS]; /* the places that vary together */
	uint32_t members[PAIR_MEMBERS_MAX];
	size_t count;
};

/* A value that is rare in itself is rarer still beside another, so no place alone sees
 * enough texts. True: the leaf, which is in its guard, and the members differ in `wild`
 * only, and each of these places had values enough. */
bool pairs_find(const struct learner *learner, uint32_t slot, struct pair_find *out);

#endif
