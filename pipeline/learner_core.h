/* learner_core.h - the parts of a learner, for the files that share them
 *
 * Threads: all under the learner's mutex. Owner: learner.c.
 */
#ifndef SIFTD_PIPELINE_LEARNER_CORE_H
#define SIFTD_PIPELINE_LEARNER_CORE_H

#include <pthread.h>

#include "pipeline/learner.h"
#include "pipeline/learner_buckets.h"
#include "pipeline/learner_guards.h"
#include "pipeline/learner_journal.h"
#include "pipeline/learner_pressure.h"
#include "pipeline/learner_store.h"

#define SHAPES 65536

struct learner {
	pthread_mutex_t lock;
	struct learner_config config;
	struct learner_store store;
	struct learner_buckets buckets;
	struct learner_guards guards;
	struct learner_journal journal;
	struct table aliases;    /* leaf -> slot of the template that it matched */
	struct table by_content; /* content hash -> slot of a generalised template */
	struct table free_text;  /* shape -> slot of its free-text template */
	uint32_t *shapes;        /* unmerged leaves seen, by hash of shape */
	uint32_t unsettled;      /* restored leaf not yet in its guard, or ENTRY_NONE */
	struct learner_pressure pressure;
	struct template_outline outline; /* of the message asked about */
	uint64_t evicted;
	uint64_t passed;
	uint64_t refused;
	uint64_t free_texts;
	struct slice sample; /* raw bytes of the record at hand */
};

#endif
