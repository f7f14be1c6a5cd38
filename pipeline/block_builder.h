/* block_builder.h - what a builder holds until it is sealed
 *
 * Threads: one owner at a time. Pure. For pipeline/block_*.c only.
 * Owner: as block.h says.
 */
#ifndef SIFTD_PIPELINE_BLOCK_BUILDER_H
#define SIFTD_PIPELINE_BLOCK_BUILDER_H

#include "pipeline/block.h"
#include "pipeline/block_body.h"
#include "pipeline/block_dictionary.h"
#include "pipeline/block_words.h"

struct block_builder {
	struct block_body *body;
	struct block_words *words; /* NULL: no filter is wanted */
	uint32_t count;
	struct buf texts;
	struct block_dictionary services;
	struct block_dictionary hosts;
	struct block_dictionary templates;
	struct block_dictionary fingerprints;
	int64_t timestamps[BLOCK_EVENTS_MAX];
	int64_t observed[BLOCK_EVENTS_MAX];
	uint32_t raw_lengths[BLOCK_EVENTS_MAX];
	uint32_t extra_lengths[BLOCK_EVENTS_MAX];
	size_t places[BLOCK_EVENTS_MAX + 1]; /* of raw in texts; the last: the end */
	/* codes: 0 is none, or for fingerprints: equal to the template key */
	uint32_t service_codes[BLOCK_EVENTS_MAX];
	uint32_t host_codes[BLOCK_EVENTS_MAX];
	uint32_t fingerprint_codes[BLOCK_EVENTS_MAX];
	uint32_t template_codes[BLOCK_EVENTS_MAX];
	uint8_t severities[BLOCK_EVENTS_MAX];
	uint8_t formats[BLOCK_EVENTS_MAX];
	struct buf columns; /* kept for its memory */
};

#endif
