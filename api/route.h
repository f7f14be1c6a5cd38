/* route.h - what a route is, and which one a path means
 *
 * Threads: any; pure.
 * Owner: routes are static tables; parameters borrow from the path.
 * Limits: ROUTE_PARAMS_MAX parameters in a pattern (asserted: our own bug).
 *
 * A pattern is a path whose segments may be {name}; such a segment matches any one
 * segment that is not empty. One slash at the end of a path is ignored. Parameters are
 * ids and never percent-encoded, so they are not decoded: an encoded one names nothing.
 */
#ifndef SIFTD_API_ROUTE_H
#define SIFTD_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

#define ROUTE_PARAMS_MAX 6

/* bits, so that a set of them is a number */
enum route_method {
	ROUTE_GET = 1,
	ROUTE_POST = 2,
	ROUTE_PUT = 4,
	ROUTE_PATCH = 8,
	ROUTE_DELETE = 16,
	ROUTE_OPTIONS = 32
};

/* who may call; checked before the handler, from the table alone. A route whose pattern
 * holds {org} needs at least ACCESS_MEMBER, and one that a key of {project} may call
 * holds {project} (both asserted at start). API keys may call nothing else than what
 * says so here */
enum route_access {
	ACCESS_PUBLIC,
	ACCESS_USER,   /* any valid login token */
	ACCESS_SENDER, /* an ingest key alone: it names the project */
	ACCESS_MEMBER, /* a role in {org}; {project} and {ingestion} belong to it */
	ACCESS_READER, /* as ACCESS_MEMBER, or a read key of {project} */
	ACCESS_PUSHER, /* as ACCESS_MEMBER, or an ingest key of {project} */
	ACCESS_ADMIN   /* as ACCESS_MEMBER, with the role admin */
};

enum route_limit {
	LIMIT_NONE,
	LIMIT_LOGIN,
	LIMIT_REGISTER,
	LIMIT_WRITE,
	LIMIT_READ,
	LIMIT_PUSH,
	LIMIT_INSIGHT
};

struct request;
/* is called on the loop; answers exactly once, now or from a later callback */
typedef void route_handler_fn(struct request *request);

struct route {
	enum route_method method;
	/* the answer depends on path and query string alone, so that those who ask the
	 * same together may share it (coalesce.h); never of one in pieces */
	bool is_coalesced;
	const char *pattern;
	enum route_access access;
	enum route_limit limit;
	route_handler_fn *handler;
};

struct route_table {
	const struct route *routes;
	size_t count;
};

struct route_param {
	struct slice name;
	struct slice value;
};

struct route_params {
	struct route_param items[ROUTE_PARAMS_MAX];
	size_t count;
};

bool route_match(const char *pattern, struct slice path, struct route_params *params);
/* the route, or NULL; *allowed is the set of methods that the path has (0: no such
 * path) */
const struct route *route_find(const struct route_table *table,
			       enum route_method method, struct slice path,
			       struct route_params *params, unsigned *allowed);
/* ptr NULL when the pattern has no such parameter */
struct slice route_param(const struct route_params *params, const char *name);
/* "GET, POST" in out */
void route_allow_text(unsigned methods, char *out, size_t out_size);
/* the table as JSON: [{method, path, access, scope, limit}] */
void route_write_table(const struct route_table *table, struct buf *out);

#endif
