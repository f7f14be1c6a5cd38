/* step_block.h - opening the blocks of a step, by what is kept or was fetched
 *
 * Threads: as events_step.h.
 * Owner: step_block_close frees or releases what a block holds; it may be called again.
 * Limits: those of block_cache.h and events_step.h.
 */
#ifndef SIFTD_API_STEP_BLOCK_H
#define SIFTD_API_STEP_BLOCK_H

#include <stdbool.h>

#include "api/events_step.h"
#include "base/error.h"

/* opens what can be opened; a block that cannot be read is reported, and stays closed.
 * false: bytes have to be fetched first, as block->lacks says */
bool step_block_resolve(struct events_step *step, struct step_block *block);
void step_block_close(struct events_step *step, struct step_block *block);
/* logs and counts a block that cannot be read */
void step_block_report(struct events_step *step, const struct step_block *block,
		       const struct error *error);

#endif
