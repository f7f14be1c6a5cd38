/* project_find.c - finding a project by its name or its id */
#include "daemon/project_find.h"

int project_find(struct pg_sync *sync, const char *name, struct project_found *out,
		 struct error *error)
{
	const char *const params[] = { name, NULL };
	const struct pg_rows *rows = NULL;

	if (pg_sync_query(sync,
			  "SELECT id, next_seq FROM siftd.projects"
			  " WHERE organisation_id IS NOT NULL"
			  " AND (name = $1 OR id::text = $1)"
			  " ORDER BY name = $1 DESC LIMIT 2",
			  params, &rows, error) < 0)
		return -1;
	if (pg_rows_count(rows) == 0)
		return error_set(error, "no project is called \"%s\"", name);
	if (pg_rows_count(rows) > 1)
		return error_set(error,
				 "more than one project is called \"%s\": give its id",
				 name);
	*out = (struct project_found){ pg_rows_int(rows, 0, 0),
				       pg_rows_int(rows, 0, 1) };
	return 0;
}
