/* pg_flush_findings.h - findings, their evidence and windows of a flush
 *
 * Threads: the loop thread. Owner: borrows the sender and the plan.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_FINDINGS_H
#define SIFTD_SINKS_PG_FLUSH_FINDINGS_H

#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sender.h"

/* of one range of the plan */
void flush_send_findings(struct flush_sender *sender, const struct flush_plan *plan,
			 size_t range);
void flush_send_windows(struct flush_sender *sender, const struct flush_plan *plan,
			size_t range);

/* what the time of a project's events decides, once they are stored */
void flush_send_clock(struct flush_sender *sender, const struct flush_plan *plan);
/* word of the findings of all ranges, once they are judged */
void flush_send_words(struct flush_sender *sender, const struct flush_plan *plan);

void flush_send_variables(struct flush_sender *sender, const struct flush_plan *plan,
			  size_t range);

#endif
