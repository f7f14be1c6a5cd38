/* pg_flush_steps.c - sending a batch a few milliseconds at a time */
#include "sinks/pg_flush_steps.h"

#include "base/clock.h"
#include "sinks/pg_flush_send.h"

/* of the loop, before others have theirs */
#define TURN_US 2000

void flush_steps_begin(struct flush_steps *steps, struct flush_plan *plan)
{
	flush_plan_number(plan);
	*steps = (struct flush_steps){ .under_way = true };
}

bool flush_steps_send(struct flush_steps *steps, struct flush_sender *sender,
		      const struct flush_plan *plan)
{
	int64_t end_us = clock_monotonic_us() + TURN_US;

	while (steps->under_way && !sender->broken) {
		steps->under_way = flush_send_step(sender, plan, steps->next++);
		if (steps->under_way && (clock_monotonic_us() >= end_us ||
					 PQflush(pg_conn_pq(sender->conn)) > 0)) {
			pg_conn_sent(sender->conn, 0, 0); /* so that it drains */
			return true;
		}
	}
	steps->under_way = false;
	return false;
}
