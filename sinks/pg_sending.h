/* pg_sending.h - a statement and its parameters as libpq wants them (internal to
 * pg_*.c)
 *
 * Threads: one owner at a time. Owner: pg_sending_deinit; all is copied.
 */
#ifndef SIFTD_SINKS_PG_SENDING_H
#define SIFTD_SINKS_PG_SENDING_H

#include "sinks/pg_pool.h"

struct pg_sending {
	char *sql;
	char *bytes; /* of all parameters */
	const char **values;
	int *lengths;
	int *formats;
	int params_count;
	bool binary; /* the answer's form */
};

void pg_sending_init(struct pg_sending *sending, const struct pg_statement *statement);
void pg_sending_deinit(struct pg_sending *sending);

#endif
