/* pg_conninfo.c - whether a connection string can be read */
#include "sinks/pg_conninfo.h"

#include <libpq-fe.h>
#include <stddef.h>

int pg_conninfo_check(const char *conninfo, struct error *error)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

	if (options == NULL)
		return error_set(error,
				 "database.url is neither "
				 "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with "
				 "unusual characters as %%XX, nor KEY=VALUE pairs");
	PQconninfoFree(options);
	return 0;
}
