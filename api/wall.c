/* wall.c - the settings that the policies read, and the role that they hold for */
#include "api/wall.h"

#include <inttypes.h>
#include <stdio.h>

static const char wall_sql[] = "SELECT set_config('siftd.project', $1, true),"
			       " CASE WHEN siftd.has_walls() THEN"
			       "  set_config('role', 'siftd_tenant', true) END";

void wall_init(struct wall *wall, int64_t project_id)
{
	/* 24 bytes hold any int64 */
	(void)snprintf(wall->project, sizeof(wall->project), "%" PRId64, project_id);
	wall->param = (struct pg_param){ .value = slice_str(wall->project) };
	wall->statement = (struct pg_statement){ .sql = wall_sql,
						 .params = &wall->param,
						 .params_count = 1 };
}
