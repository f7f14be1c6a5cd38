/* pg_prepared.h - the statements that a connection has prepared (internal to pg_*.c)
 *
 * Threads: the loop thread only.
 * Owner: pg_prepared_free; the texts of statements are copied, nothing is borrowed.
 * Limits: PG_PREPARED_MAX statements; beyond, the one that was not used for the longest
 *         is deallocated.
 *
 * A statement is known by its text: it is prepared when it comes for the first time,
 * and from then on the server has parsed and mostly planned it. A preparation that
 * fails, or was skipped as something before it in the pipeline failed, did not happen.
 */
#ifndef SIFTD_SINKS_PG_PREPARED_H
#define SIFTD_SINKS_PG_PREPARED_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "sinks/pg_sending.h"

#define PG_PREPARED_MAX 128

struct pg_prepared;

struct pg_prepared *pg_prepared_new(void);
void pg_prepared_free(struct pg_prepared **prepared);
/* the connection is a new one, which has prepared nothing */
void pg_prepared_forget(struct pg_prepared *prepared);
/* hands the statement to libpq, in a pipeline, behind what it lacks; *sent grows by the
 * results that are to come, of which the last is its own. false: the connection is of
 * no use any more */
bool pg_prepared_send(struct pg_prepared *prepared, PGconn *pq,
		      const struct pg_sending *sending, unsigned *sent);
/* is to be told of each result, in order, whether it is an error */
void pg_prepared_result(struct pg_prepared *prepared, bool ok);

#endif
