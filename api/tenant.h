/* tenant.h - for whom a transaction of the HTTP interface runs
 *
 * Threads: the loop thread only.
 * Owner: the statement lies in the request's arena.
 *
 * The settings are those that the triggers of 0019_audit.sql and the policies of
 * 0029_walls.sql read. In a project the transaction goes on as the role siftd_tenant,
 * to which no other project's rows exist.
 */
#ifndef SIFTD_API_TENANT_H
#define SIFTD_API_TENANT_H

#include "api/request.h"
#include "sinks/pg_pool.h"

/* what runs before each of the request's statements, in its transaction; NULL while
 * nobody is known to ask */
const struct pg_statement *tenant_statement(struct request *request);

#endif
