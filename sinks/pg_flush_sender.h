/* pg_flush_sender.h - binary parameters, prepared statements, and which was which
 *
 * Threads: the loop thread.
 * Owner: flush_sender_deinit frees; it borrows the connection. libpq copies what it is
 *        given.
 *
 * Each statement is a unit, numbered from 0 since flush_sender_begin; results come in
 * that order, so a unit's number tells what the database refused.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_SENDER_H
#define SIFTD_SINKS_PG_FLUSH_SENDER_H

#include <stdbool.h>

#include "base/buf.h"
#include "sinks/pg_array.h"
#include "sinks/pg_conn.h"
#include "sinks/pg_flush_sql.h"

#define FLUSH_PARAMS_MAX 18

struct flush_unit {
	enum flush_statement statement;
	size_t range; /* SIZE_MAX: of no range */
};

/* what a transaction may leave behind */
struct flush_limits {
	int episodes_max;    /* of a finding: the newest are kept */
	int64_t tell_age_us; /* an episode that ended longer ago is told to nobody */
	int outbox_max;      /* words that wait for one channel */
};

struct flush_sender {
	struct pg_conn *conn;
	struct flush_limits limits;
	struct pg_array arrays[FLUSH_PARAMS_MAX];
	const char *values[FLUSH_PARAMS_MAX];
	int lengths[FLUSH_PARAMS_MAX];
	int formats[FLUSH_PARAMS_MAX];
	size_t params;
	struct buf text; /* of one value while it is put together */
	struct flush_unit *units;
	size_t units_count, units_capacity;
	bool broken; /* libpq took a statement not: the connection is of no use */
};

void flush_sender_init(struct flush_sender *sender, struct pg_conn *conn);
void flush_sender_deinit(struct flush_sender *sender);
/* forgets the units of the last transaction */
void flush_sender_begin(struct flush_sender *sender);
/* empty arrays 0 to count - 1 of these types, to be filled */
void flush_arrays_begin(struct flush_sender *sender, const enum pg_type *types,
			size_t count);
/* they are the first parameters */
void flush_arrays_end(struct flush_sender *sender);
/* one more parameter; its bytes stay until flush_unit_send */
void flush_param_add(struct flush_sender *sender, struct slice value);
/* the statement with the parameters added since the last one */
void flush_unit_send(struct flush_sender *sender, enum flush_statement statement,
		     size_t range);
/* all statements of pg_flush_sql */
void flush_send_prepares(struct flush_sender *sender);
/* ends the transaction */
void flush_send_sync(struct flush_sender *sender);

#endif
