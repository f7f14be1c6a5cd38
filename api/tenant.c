/* tenant.c - the settings of a request's transactions */
#include "api/tenant.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compiler.h"

static const char set_sql[] = "SELECT set_config('siftd.organisation', $1, true),"
			      " set_config('siftd.project', $2, true),"
			      " set_config('siftd.user', $3, true),"
			      " set_config('siftd.actor', $4, true),"
			      " set_config('siftd.address', $5, true),"
			      " set_config('siftd.request', $6, true),"
			      /* last: from here on the policies hold */
			      " CASE WHEN $2 <> '' AND siftd.has_walls() THEN"
			      "  set_config('role', 'siftd_tenant', true) END";

#define PARAMS 6

/* '' for none: nothing has the id 0 */
static struct pg_param of_id(struct request *request, int64_t id)
{
	char text[24];
	/* 24 bytes hold any int64 */
	int len = snprintf(text, sizeof(text), "%" PRId64, id);

	if (id == 0)
		return (struct pg_param){ .value = SLICE("") };
	return (struct pg_param){
		.value = arena_dup(&request->arena, slice_of(text, (size_t)len)),
	};
}

const struct pg_statement *tenant_statement(struct request *request)
{
	const struct caller *caller = &request->caller;
	struct pg_statement *statement = NULL;
	struct pg_param *params = NULL;

	if (caller->actor.len == 0)
		return NULL;
	statement = request_alloc(request, sizeof(*statement));
	params = request_alloc(request, PARAMS * sizeof(*params));
	params[0] = of_id(request, caller->organisation_id);
	params[1] = of_id(request, caller->project_id);
	params[2] = of_id(request, caller->user_id);
	params[3] = (struct pg_param){ .value = caller->actor };
	params[4] = (struct pg_param){ .value = slice_str(request->address) };
	params[5] = (struct pg_param){ .value = slice_str(request->id) };
	*statement = (struct pg_statement){ .sql = set_sql,
					    .params = params,
					    .params_count = PARAMS };
	return statement;
}
