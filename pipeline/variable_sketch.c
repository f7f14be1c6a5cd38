/* variable_sketch.c - space-saving: a new value takes the place of the rarest
 *
 * Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in
 * data streams (2005). A value that occurs more often than total / SKETCH_COUNTERS is
 * always among the counters.
 */
#include "pipeline/variable_sketch.h"

#include <string.h>

#include "base/hash64.h"

static struct sketch_counter *find(struct variable_sketch *sketch, uint64_t hash)
{
	for (size_t i = 0; i < sketch->counters_count; i++) {
		if (sketch->counters[i].hash == hash)
			return &sketch->counters[i];
	}
	return NULL;
}

static struct sketch_counter *rarest(struct variable_sketch *sketch)
{
	struct sketch_counter *found = &sketch->counters[0];

	for (size_t i = 1; i < SKETCH_COUNTERS; i++) {
		if (sketch->counters[i].count < found->count)
			found = &sketch->counters[i];
	}
	return found;
}

void variable_sketch_add(struct variable_sketch *sketch, struct slice value,
			 uint64_t weight)
{
	struct sketch_counter *counter = NULL;
	uint64_t hash = 0;

	value = slice_head(value, SKETCH_VALUE_MAX);
	hash = hash64(value, 0);
	sketch->total += weight;
	counter = find(sketch, hash);
	if (counter != NULL) {
		counter->count += weight;
		return;
	}
	if (sketch->counters_count < SKETCH_COUNTERS) {
		counter = &sketch->counters[sketch->counters_count++];
		counter->count = 0;
	} else {
		counter = rarest(sketch);
	}
	counter->error = counter->count;
	counter->count += weight;
	counter->hash = hash;
	counter->len = (uint32_t)value.len;
	memcpy(counter->value, value.ptr, value.len);
}
