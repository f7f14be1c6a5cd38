/* classify.h - gives a record its template key and the rules it matches
 *
 * Threads: a classifier belongs to one lane and serves one project; the learner behind
 * it is shared and locks itself. Owner: classifier_free; a verdict borrows from the
 * classifier until the next call. Limits: templates_max known leaves; when they are
 * full the cache starts afresh (the learner answers the same again), counted in
 * classifier_stats.
 */
#ifndef SIFTD_PIPELINE_CLASSIFY_H
#define SIFTD_PIPELINE_CLASSIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/learner.h"
#include "pipeline/record.h"
#include "pipeline/rules.h"

struct classifier;

struct classifier_stats {
	uint64_t shaped; /* records whose template their shape told */
	uint64_t hits;
	uint64_t misses;
	uint64_t restarts;
};

struct classified {
	uint64_t fingerprint; /* of the leaf */
	uint64_t template_key;
	uint32_t slot; /* dense number of the template in this classifier's cache */
	uint32_t slots_generation;      /* slots are given anew when this changes */
	bool known;                     /* the cache had it */
	const struct rule_set *matched; /* NULL: no rule */
	struct rules *rules;            /* of which matched is a set */
};

/* rules may be NULL: then nothing is judged */
struct classifier *classifier_new(struct learner *learner, struct rules *rules,
				  size_t templates_max);
/* from now on; the known templates are judged again */
void classifier_set_rules(struct classifier *classifier, struct rules *rules);
void classifier_free(struct classifier **classifier);
void classifier_run(struct classifier *classifier, const struct record *record,
		    struct classified *out);
const struct classifier_stats *classifier_stats(const struct classifier *classifier);

#endif
