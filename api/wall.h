/* wall.h - a transaction that sees the rows of one project only
 *
 * Threads: any. Pure.
 * Owner: the statement borrows from the struct that it lies in, which stays where it
 * is.
 *
 * The policies of sinks/migrations/0029_walls.sql hold for the role siftd_tenant. Where
 * the daemon could not make that role, the transaction runs as the daemon's own.
 */
#ifndef SIFTD_API_WALL_H
#define SIFTD_API_WALL_H

#include <stdint.h>

#include "sinks/pg_pool.h"

struct wall {
	char project[24];
	struct pg_param param;
	struct pg_statement statement; /* for pg_statement.before */
};

void wall_init(struct wall *wall, int64_t project_id);

#endif
