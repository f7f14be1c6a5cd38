/* sample.h - looks at some of a batch's messages for the values of their variables
 *
 * Threads: a sampler belongs to one lane. Owner: sampler_free frees.
 * Limits: those of variable_sketch.h; one batch in SAMPLE_US is looked at, so that fast
 * input, which fills many, pays little.
 */
#ifndef SIFTD_PIPELINE_SAMPLE_H
#define SIFTD_PIPELINE_SAMPLE_H

#include "pipeline/batch.h"

struct sampler;

/* a message that was just added to the batch, as the nth of its template */
struct sample {
	struct learner *learner;
	int64_t project_id;
	uint64_t template_key;
	uint64_t nth;
	const struct record *record;
};

struct sampler *sampler_new(void);
void sampler_free(struct sampler **sampler);
void sampler_add(struct sampler *sampler, struct batch *batch,
		 const struct sample *sample);

#endif
