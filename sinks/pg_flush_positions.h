/* pg_flush_positions.h - the guard of a flush, its numbers, and the ledger
 *
 * Threads: the loop thread. Owner: borrows the sender and the plan.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_POSITIONS_H
#define SIFTD_SINKS_PG_FLUSH_POSITIONS_H

#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sender.h"

/* the guard, and what the numbers of the rest depend on; asks for the answers so far */
void flush_send_guard(struct flush_sender *sender, const struct flush_plan *plan);
/* what was received, and what became of it, by stream */
void flush_send_ledger(struct flush_sender *sender, const struct flush_plan *plan);
/* asks whether each stream stands where the batch ends */
void flush_send_read_positions(struct flush_sender *sender,
			       const struct flush_plan *plan);

#endif
