/* sample.c - from a record to its variables to their sketches */
#include "pipeline/sample.h"

#include "base/hash64.h"
#include "base/mem.h"

#define SAMPLE_US INT64_C(1000000)

struct sampler {
	uint64_t batch; /* the batch decided about */
	bool wanted;
	bool started;
	int64_t wanted_us; /* when the last wanted one was opened */
	struct tokens tokens;
};

struct sampler *sampler_new(void)
{
	return mem_calloc(1, sizeof(struct sampler));
}

void sampler_free(struct sampler **sampler)
{
	mem_free(*sampler);
	*sampler = NULL;
}

static bool is_wanted(struct sampler *sampler, const struct batch *batch)
{
	int64_t passed_us = batch->opened_us - sampler->wanted_us;

	if (sampler->started && sampler->batch == batch->number)
		return sampler->wanted;
	sampler->wanted = !sampler->started || passed_us < 0 || passed_us >= SAMPLE_US;
	sampler->started = true;
	sampler->batch = batch->number;
	if (sampler->wanted)
		sampler->wanted_us = batch->opened_us;
	return sampler->wanted;
}

/* NULL: as many are followed as may be */
static struct variable_sketch *sketch_of(struct batch *batch,
					 const struct sample *sample,
					 const struct variable *variable)
{
	uint64_t hash =
		hash64_mix(hash64(slice_str(variable->name), 0), sample->template_key);
	uint64_t *place = NULL;
	bool added = false;

	hash = hash64_mix(hash, (uint64_t)sample->project_id);
	place = table_get(&batch->variables_index, hash);
	if (place != NULL)
		return &batch->variables[*place];
	if (batch->variables_count == SKETCHES_MAX)
		return NULL;
	place = table_put(&batch->variables_index, hash, &added);
	*place = batch->variables_count;
	mem_grow(&batch->variables, &batch->variables_capacity, batch->variables_count,
		 sizeof(*batch->variables));
	batch->variables[batch->variables_count] =
		(struct variable_sketch){ .project_id = sample->project_id,
					  .template_key = sample->template_key,
					  .type = variable->type };
	memcpy(batch->variables[batch->variables_count].name, variable->name,
	       sizeof(variable->name));
	return &batch->variables[batch->variables_count++];
}

void sampler_add(struct sampler *sampler, struct batch *batch,
		 const struct sample *sample)
{
	struct variable variables[SKETCH_TEMPLATE_MAX];
	uint64_t weight = sketch_weight(sample->nth);
	uint64_t wild[WILD_WORDS];
	bool fits = false;
	size_t count = 0;

	if (weight == 0 || !is_wanted(sampler, batch))
		return;
	normalize_record(sample->record, &sampler->tokens);
	fits = learner_wild(sample->learner, sample->template_key, &sampler->tokens,
			    wild);
	count = normalize_variables(&sampler->tokens, fits ? wild : NULL, variables,
				    SKETCH_TEMPLATE_MAX);
	for (size_t i = 0; i < count; i++) {
		struct variable_sketch *sketch =
			sketch_of(batch, sample, &variables[i]);

		if (sketch != NULL)
			variable_sketch_add(sketch, variables[i].value, weight);
	}
}
