/* learner_pressure.h - floods of messages that have nothing in common
 *
 * Threads: the learner's, under its mutex.
 * Limits: fixed in size.
 *
 * New messages are counted by coarse shape: length class, and whether a value comes
 * first. While the learner is full, a coarse shape that brings a large part of the last
 * few thousand is flooded: a message of it earns no place in the learner before it was
 * seen twice.
 */
#ifndef SIFTD_PIPELINE_LEARNER_PRESSURE_H
#define SIFTD_PIPELINE_LEARNER_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/template.h"

#define PRESSURE_LENGTHS 16
#define PRESSURE_SHAPES (PRESSURE_LENGTHS * 2)
#define PRESSURE_SEEN_BITS 1048576

struct learner_pressure {
	int64_t began_us; /* of the window: its first record was observed then */
	unsigned asked;
	uint16_t counts[PRESSURE_SHAPES];
	uint32_t flooded; /* bit per shape, as the last window showed */
	unsigned noted;   /* leaves in seen */
	uint64_t seen[PRESSURE_SEEN_BITS / 64];
};

unsigned learner_pressure_shape(const struct template *template);
unsigned learner_pressure_length(unsigned shape);
bool learner_pressure_begins_with_value(unsigned shape);
/* counts a message that matched nothing; true: its shape is flooded */
bool learner_pressure_note(struct learner_pressure *pressure, unsigned shape,
			   int64_t now_us, bool full);
/* true: the leaf was seen lately (or, rarely, others like it) */
bool learner_pressure_seen(struct learner_pressure *pressure, uint64_t leaf);

#endif
