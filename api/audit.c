/* audit.c - reading the audit */
#include "api/audit.h"

#include "api/list.h"

static const struct column audit_columns[] = {
	{ "id", COLUMN_INT },       { "at", COLUMN_TIME },
	{ "actor", COLUMN_TEXT },   { "actor_id", COLUMN_INT },
	{ "action", COLUMN_TEXT },  { "target", COLUMN_TEXT },
	{ "address", COLUMN_TEXT }, { "request_id", COLUMN_TEXT },
};

static const struct list audit_rows = {
	.sql = "SELECT id, " SQL_TIME_US(
		"at") ", actor, actor_id, action, target,"
		      " address, request_id FROM siftd.audit WHERE organisation_id = $1"
		      " AND ($2 = '' OR lower(actor) = lower($2))"
		      " AND ($3 = '' OR starts_with(action, $3))"
		      " AND id < $4 ORDER BY id DESC LIMIT $5",
	.columns = audit_columns,
	.columns_count = ARRAY_LEN(audit_columns),
	.kind = 'a',
	.descending = true,
};

void audit_list(struct request *request)
{
	struct db_call call = { .sql = audit_rows.sql };
	struct slice actor = { 0 };
	struct slice action = { 0 };

	if (!request_query_text(request, "actor", &actor) ||
	    !request_query_text(request, "action", &action))
		return;
	db_add_int(request, &call, request->caller.organisation_id);
	db_add_text(&call, actor);
	db_add_text(&call, action);
	list_run(request, &audit_rows, &call);
}
