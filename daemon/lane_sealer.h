/* lane_sealer.h - compresses a lane's full blocks on a thread of its own
 *
 * Threads: all but new and free are called by the lane; the sealer's own thread works.
 * Owner: a builder, and a batch, that was put belongs to the sealer; done batches go
 * into the mailbox. lane_sealer_free ends the thread, when the mailbox was closed or is
 * emptied. Limits: SEALER_QUEUE blocks and batches wait, then the lane does; builders
 * are used again.
 *
 * A lane spends a third of its time on sealing blocks. What one file brings is the work
 * of one lane: with the sealer it is the work of two cores.
 */
#ifndef SIFTD_DAEMON_LANE_SEALER_H
#define SIFTD_DAEMON_LANE_SEALER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "pipeline/batch.h"

#define SEALER_QUEUE 3

struct lane_sealer;

struct lane_batch {
	struct batch *batch;
	uint64_t epoch;
};

void lane_batch_free(struct lane_batch **entry);

/* done batches go to `batches`, as struct lane_batch */
struct lane_sealer *lane_sealer_new(struct mailbox *batches);
void lane_sealer_free(struct lane_sealer **sealer);
/* for the lane's pipeline; valid as long as the sealer */
const struct block_sealing *lane_sealer_sealing(const struct lane_sealer *sealer);
/* behind all its blocks, which were put before it */
void lane_sealer_put(struct lane_sealer *sealer, struct batch *batch, uint64_t epoch);
/* batches that were put, and are not in the mailbox yet */
bool lane_sealer_has_batches(const struct lane_sealer *sealer);
/* waits until nothing that was put is worked on */
void lane_sealer_drain(struct lane_sealer *sealer);

#endif
