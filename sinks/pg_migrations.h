/* pg_migrations.h - the SQL of sinks/migrations, compiled in
 *
 * Threads: any; constant.
 */
#ifndef SIFTD_SINKS_PG_MIGRATIONS_H
#define SIFTD_SINKS_PG_MIGRATIONS_H

#include <stddef.h>

struct pg_migration {
	const char *name; /* of the file; entry i is version i + 1 */
	const char *sql;
};

extern const struct pg_migration pg_migrations[];
extern const size_t pg_migrations_count;

#endif
