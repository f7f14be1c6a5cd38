/* pg_flush_steps.h - sending a batch a few milliseconds at a time
 *
 * What a batch needs takes tens of milliseconds to write out, which every request would
 * wait for; and libpq moves all that the socket has not taken each time it takes some.
 * So it goes in steps, and on when the socket has taken what there is.
 *
 * Threads: the loop thread. Owner: borrows sender and plan.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_STEPS_H
#define SIFTD_SINKS_PG_FLUSH_STEPS_H

#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sender.h"

struct flush_steps {
	bool under_way;
	size_t next;
};

/* the numbers are known */
void flush_steps_begin(struct flush_steps *steps, struct flush_plan *plan);
/* for one turn of the loop; true: go on when the connection has drained, which it says
 * in any case. false: all was sent but the sync, or libpq takes no more */
bool flush_steps_send(struct flush_steps *steps, struct flush_sender *sender,
		      const struct flush_plan *plan);

#endif
