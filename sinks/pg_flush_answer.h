/* pg_flush_answer.h - what the statements of a flush bring back
 *
 * Threads: the loop thread. Owner: plan and counts take what they need.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_ANSWER_H
#define SIFTD_SINKS_PG_FLUSH_ANSWER_H

#include "sinks/pg_flush_counts.h"
#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sender.h"
#include "sinks/pg_flush_sql.h"
#include "sinks/pg_flush_verdict.h"
#include "sinks/pg_rows.h"

/* who is told; day: that is being made */
struct flush_answer {
	struct flush_plan *plan;
	struct flush_counts *counts;
	int32_t day;
};

/* false: a stream does not stand where the batch ends (of FLUSH_READ_POSITIONS) */
bool flush_answer_take(const struct flush_answer *answer,
		       enum flush_statement statement, const struct pg_rows *rows);
/* the database does not take what is stored: the part that it refused is left out or
 * sent in smaller ones, or all of it made plain. false: nothing is left to try */
bool flush_answer_refuse(struct flush_plan *plan, const struct flush_sender *sender,
			 const struct flush_refusal *refusal);

#endif
