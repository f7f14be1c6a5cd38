/* pg_flush_send.h - writes the statements of one transaction into a connection
 *
 * Threads: the loop thread.
 * Owner: flush_sender_deinit frees; it borrows the connection and the plan. libpq
 * copies what it is given.
 *
 * Each statement is a unit, numbered from 0 since flush_sender_begin; results come in
 * that order, so a unit's number tells what the database refused.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_SEND_H
#define SIFTD_SINKS_PG_FLUSH_SEND_H

#include "sinks/pg_array.h"
#include "sinks/pg_conn.h"
#include "sinks/pg_flush_plan.h"
#include "sinks/pg_flush_sql.h"

#define FLUSH_PARAMS_MAX 14
/* rows that siftd.quarantine keeps */
#define FLUSH_QUARANTINE_ROWS 256

struct flush_unit {
	enum flush_statement statement;
	size_t range; /* SIZE_MAX: of no range */
};

struct flush_sender {
	struct pg_conn *conn;
	struct pg_array arrays[FLUSH_PARAMS_MAX];
	const char *values[FLUSH_PARAMS_MAX];
	int lengths[FLUSH_PARAMS_MAX];
	int formats[FLUSH_PARAMS_MAX];
	size_t params;
	struct flush_unit *units;
	size_t units_count, units_capacity;
	bool broken; /* libpq took a statement not: the connection is of no use */
};

void flush_sender_init(struct flush_sender *sender, struct pg_conn *conn);
void flush_sender_deinit(struct flush_sender *sender);
/* forgets the units of the last transaction */
void flush_sender_begin(struct flush_sender *sender);
/* all statements of pg_flush_sql */
void flush_send_prepares(struct flush_sender *sender);
/* the guard, and what the numbers of the rest depend on; asks for the answers so far */
void flush_send_guard(struct flush_sender *sender, const struct flush_plan *plan);
/* all that is stored; the plan knows what exists */
void flush_send_rest(struct flush_sender *sender, const struct flush_plan *plan);
/* asks whether each stream stands where the batch ends */
void flush_send_read_positions(struct flush_sender *sender,
			       const struct flush_plan *plan);
/* days since the epoch; the partition that a block goes to */
int32_t flush_block_day(const struct batch_block *block);
void flush_send_make_day(struct flush_sender *sender, int32_t day);
/* ends the transaction */
void flush_send_sync(struct flush_sender *sender);

/* for pg_flush_send_*.c: arrays of the given types, then the unit */
void flush_arrays_begin(struct flush_sender *sender, const enum pg_type *types,
			size_t count);
void flush_arrays_end(struct flush_sender *sender);
void flush_param_add(struct flush_sender *sender, struct slice value);
void flush_unit_send(struct flush_sender *sender, enum flush_statement statement,
		     size_t range);
/* those of findings and of windows */
void flush_send_findings(struct flush_sender *sender, const struct flush_plan *plan,
			 size_t range);
void flush_send_windows(struct flush_sender *sender, const struct flush_plan *plan,
			size_t range);

#endif
