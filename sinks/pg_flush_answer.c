/* pg_flush_answer.c - what the statements of a flush bring back */
#include "sinks/pg_flush_answer.h"

#include "base/log.h"

bool flush_answer_take(const struct flush_answer *answer,
		       enum flush_statement statement, const struct pg_rows *rows)
{
	size_t count = pg_rows_count(rows);
	bool all_moved = true;

	for (size_t i = 0; i < count; i++) {
		if (statement == FLUSH_TAKE_SEQ)
			flush_plan_set_seq(answer->plan, pg_rows_int(rows, i, 0),
					   pg_rows_int(rows, i, 1));
		else if (statement == FLUSH_INGESTIONS)
			flush_plan_set_ingestion(answer->plan, pg_rows_int(rows, i, 0),
						 pg_rows_int(rows, i, 1));
		else if (statement == FLUSH_FIND_PARTS)
			flush_counts_note(answer->counts, pg_rows_int(rows, i, 0));
		else if (statement == FLUSH_READ_POSITIONS)
			all_moved = all_moved && pg_rows_bool(rows, i, 0);
		else if (statement == FLUSH_MAKE_DAY && !pg_rows_bool(rows, i, 0))
			log_warn("flush", "blocks go to the default partition day=%d",
				 (int)answer->day);
	}
	return all_moved;
}

bool flush_answer_refuse(struct flush_plan *plan, const struct flush_sender *sender,
			 const struct flush_refusal *refusal)
{
	size_t range = refusal->unit < sender->units_count
			       ? sender->units[refusal->unit].range
			       : SIZE_MAX;

	log_error("flush", "the database refuses data sqlstate=%s error=\"%s\"",
		  refusal->sqlstate, refusal->text);
	if (range != SIZE_MAX) {
		flush_plan_refuse(plan, range, refusal->sqlstate, refusal->text);
		return true;
	}
	if (plan->plain)
		return false;
	plan->plain = true;
	return true;
}
