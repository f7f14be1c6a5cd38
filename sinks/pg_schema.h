/* pg_schema.h - brings the tables of siftd to the version that this program knows
 *
 * Threads: start-up and commands only; it waits for the database.
 *
 * Migrations are numbered; each is applied once, in a transaction of its own, under an
 * advisory lock, so that several daemons may start at once. A schema that is newer than
 * the program is refused. No right beyond owning the database is needed.
 */
#ifndef SIFTD_SINKS_PG_SCHEMA_H
#define SIFTD_SINKS_PG_SCHEMA_H

#include "base/error.h"

/* the version that this program needs */
unsigned pg_schema_known(void);
/* the version of the database, 0 when it has none; changes nothing */
MUST_CHECK int pg_schema_read(const char *conninfo, unsigned *version,
			      struct error *error);
/* applies what is missing; *applied says how many (may be NULL) */
MUST_CHECK int pg_schema_apply(const char *conninfo, unsigned *applied,
			       struct error *error);

#endif
