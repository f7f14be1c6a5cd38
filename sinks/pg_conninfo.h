/* pg_conninfo.h - whether a connection string can be read, told without its secrets
 *
 * Threads: any.
 * Errors: libpq quotes the string in its messages, and the string may hold a password;
 * what is reported here never holds a part of it.
 */
#ifndef SIFTD_SINKS_PG_CONNINFO_H
#define SIFTD_SINKS_PG_CONNINFO_H

#include "base/compiler.h"
#include "base/error.h"

/* a URL (postgresql://...) or key=value pairs, as PQconninfoParse reads them */
MUST_CHECK int pg_conninfo_check(const char *conninfo, struct error *error);

#endif
