/* variable_sketch.h - the commonest values of each variable of a batch's templates
 *
 * Threads: those of the batch. Owner: the batch.
 * Limits: SKETCH_COUNTERS values a variable, by space-saving; SKETCH_TEMPLATE_MAX
 * variables of a message; SKETCHES_MAX of a batch, later ones are not followed; values
 * are cut at SKETCH_VALUE_MAX bytes.
 */
#ifndef SIFTD_PIPELINE_VARIABLE_SKETCH_H
#define SIFTD_PIPELINE_VARIABLE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/normalize.h"

#define SKETCH_COUNTERS 16
#define SKETCH_VALUE_MAX 96
#define SKETCH_TEMPLATE_MAX 12
#define SKETCHES_MAX 256

struct sketch_counter {
	uint64_t hash;
	uint64_t count;
	uint64_t error; /* of the count, too much by at most so many */
	uint32_t len;
	char value[SKETCH_VALUE_MAX];
};

struct variable_sketch {
	int64_t project_id;
	uint64_t template_key;
	uint64_t total; /* of all values */
	enum variable_type type;
	char name[sizeof(((struct variable *)0)->name)];
	size_t counters_count;
	struct sketch_counter counters[SKETCH_COUNTERS];
};

/* Messages stand for others of their template that are not looked at: the first
 * SKETCH_FIRST of a batch for themselves, then every SKETCH_EVERY-th for as many. 0:
 * the nth message is not looked at. */
#define SKETCH_FIRST 16
#define SKETCH_EVERY 64

static inline uint64_t sketch_weight(uint64_t nth)
{
	if (nth <= SKETCH_FIRST)
		return 1;
	return nth % SKETCH_EVERY == 0 ? SKETCH_EVERY : 0;
}

void variable_sketch_add(struct variable_sketch *sketch, struct slice value,
			 uint64_t weight);

#endif
