/* pg_flush_send.h - what a flush stores, once it knows what exists
 *
 * Threads: the loop thread. Owner: borrows the sender and the plan.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_SEND_H
#define SIFTD_SINKS_PG_FLUSH_SEND_H

#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sender.h"

/* rows that siftd.quarantine keeps */
#define FLUSH_QUARANTINE_ROWS 256

/* One step of storing all of the plan that is not excluded, the quarantine and the
 * ledger; no sync. Steps are numbered from 0; false: that was the last one. They may be
 * turns apart, so that a large batch does not hold the loop up. */
bool flush_send_step(struct flush_sender *sender, const struct flush_plan *plan,
		     size_t step);

#endif
