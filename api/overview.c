/* overview.c - three statements, one after the other: totals, top groups, top findings
 */
#include "api/overview.h"

#include "api/columns.h"
#include "api/db.h"
#include "api/ingestions.h"
#include "api/kept_answers.h"

/* clang-format off */
/* $1 project, $2 ingestion or 0; what belonged to a deleted ingestion is left out */
#define IN_SCOPE(t) \
	t ".project_id = $1 AND " t ".ingestion_id = ANY (ARRAY(" \
	"SELECT id FROM siftd.ingestions WHERE project_id = $1 AND ($2::bigint = 0 OR id = $2)))"

static const char totals_sql[] =
	"WITH sums AS MATERIALIZED (SELECT c.severity, c.service, sum(c.count) AS n"
	"  FROM siftd.scope_counts AS c WHERE " IN_SCOPE("c")
	"   AND c.width = 0 AND c.begin = 0 GROUP BY 1, 2)"
	"SELECT coalesce(sum(i.stored_events - i.forgotten_events), 0)::bigint,"
	" coalesce(sum(i.stored_events - i.events_without_timestamp), 0)::bigint,"
	" min(i.timestamp_min_us), max(i.timestamp_max_us),"
	" coalesce((SELECT json_object_agg(coalesce(level, 'none'), n) FROM (SELECT "
	SQL_LEVEL("severity") " AS level, sum(n) AS n"
	"  FROM sums GROUP BY 1 ORDER BY 2 DESC) AS l), '{}'),"
	" coalesce((SELECT json_agg(json_build_object('service', service, 'count', n))"
	"  FROM (SELECT nullif(service, '') AS service, sum(n) AS n"
	"  FROM sums GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10) AS s), '[]'),"
	" CASE WHEN $2 <> 0 THEN (SELECT json_build_object('id', id,"
	"   'project_id', project_id, 'name', name, 'source_type', source_type,"
	"   'status', " INGESTION_STATUS_SQL ","
	"   'finding_status', " INGESTION_STATUS_SQL ")"
	"  FROM siftd.ingestions WHERE project_id = $1 AND id = $2) END"
	" FROM siftd.ingestions AS i"
	" WHERE i.project_id = $1 AND ($2 = 0 OR i.id = $2)";

/* names and samples are looked up for the ten that are shown only */
static const char groups_sql[] =
	"WITH heads AS MATERIALIZED (SELECT h.group_id, sum(h.count)::bigint AS count,"
	"  min(h.first_us) AS first_us, max(h.last_us) AS last_us,"
	"  max(h.latest_seq) AS latest_seq"
	" FROM siftd.group_heads AS h WHERE " IN_SCOPE("h") " GROUP BY h.group_id),"
	" top AS MATERIALIZED (SELECT * FROM heads ORDER BY count DESC, group_id LIMIT 10)"
	" SELECT g.id, g.root_key, r.text, top.count, top.first_us, top.last_us,"
	"  top.latest_seq, (SELECT s.latest_raw FROM siftd.group_heads AS h"
	"   JOIN siftd.group_stats AS s ON s.project_id = $1"
	"    AND s.ingestion_id = h.ingestion_id AND s.template_key = h.latest_key"
	"   WHERE " IN_SCOPE("h") " AND h.group_id = g.id AND h.latest_seq = top.latest_seq"
	"   LIMIT 1), (SELECT count(*) FROM heads)"
	" FROM top JOIN siftd.groups AS g ON g.project_id = $1 AND g.id = top.group_id"
	" JOIN siftd.templates AS r ON r.project_id = $1 AND r.key = g.root_key"
	" ORDER BY top.count DESC, g.id";

static const char findings_sql[] =
	"WITH sums AS (SELECT id AS finding_id, total, first_us, last_us"
	" FROM siftd.findings WHERE project_id = $1 AND $2::bigint = 0 AND total > 0"
	" UNION ALL SELECT o.id, s.* FROM siftd.findings AS o CROSS JOIN LATERAL ("
	"  SELECT sum(m.count)::bigint AS total, min(m.first_us), max(m.last_us)"
	"  FROM siftd.finding_templates AS m WHERE m.project_id = $1"
	"   AND m.finding_id = o.id AND m.ingestion_id = $2) AS s"
	" WHERE o.project_id = $1 AND $2 <> 0 AND s.total > 0)"
	" SELECT f.id, f.rule_id, f.severity, f.title, sums.total, sums.first_us,"
	"  sums.last_us, count(*) OVER (),"
	"  count(*) FILTER (WHERE f.severity = 3) OVER (),"
	"  count(*) FILTER (WHERE f.severity = 2) OVER (),"
	"  count(*) FILTER (WHERE f.severity = 1) OVER (),"
	"  count(*) FILTER (WHERE f.severity = 0) OVER ()"
	" FROM sums JOIN siftd.findings AS f"
	"  ON f.project_id = $1 AND f.id = sums.finding_id"
	" WHERE f.status <> 'provisional'"
	" ORDER BY f.severity DESC, sums.total DESC, f.id LIMIT 10";
/* clang-format on */

enum totals_column {
	TOTALS_EVENTS,
	TOTALS_WITH_TIMESTAMP,
	TOTALS_MIN,
	TOTALS_MAX,
	TOTALS_LEVELS,
	TOTALS_SERVICES,
	TOTALS_INGESTION
};

static const struct column group_columns[] = {
	{ "id", COLUMN_INT },          { "fingerprint", COLUMN_HEX64 },
	{ "template", COLUMN_TEXT },   { "count", COLUMN_INT },
	{ "first_seen", COLUMN_TIME }, { "last_seen", COLUMN_TIME },
};
enum group_column { GROUP_SEQ = 6, GROUP_RAW = 7, GROUP_TOTAL = 8 };

static const struct column finding_columns[] = {
	{ "id", COLUMN_INT },
	{ "rule", COLUMN_TEXT },
	{ "severity", COLUMN_SEVERITY },
	{ "title", COLUMN_TEXT },
	{ "total_occurrences", COLUMN_INT },
	{ "first_seen", COLUMN_TIME },
	{ "last_seen", COLUMN_TIME },
};
enum finding_column { FINDING_TOTAL = 7, FINDING_BY_SEVERITY = 8 };

static void run(struct request *request, const char *sql, db_rows_fn *done)
{
	struct db_call call = { .sql = sql, .done = done };

	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	db_run(request, &call);
}

static void write_top_findings(struct json_out *out, const struct pg_rows *rows,
			       const char *key)
{
	json_key(out, key);
	json_array_begin(out);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		json_object_begin(out);
		columns_write(out, rows, i, finding_columns,
			      ARRAY_LEN(finding_columns));
		json_object_end(out);
	}
	json_array_end(out);
}

static void on_findings(struct request *request, const struct pg_rows *rows)
{
	static const char *const names[] = { "CRIT", "HIGH", "MED", "LOW" };
	struct json_out *out = request->state;
	bool any = pg_rows_count(rows) > 0;

	json_key(out, "findings");
	json_object_begin(out);
	json_key_int(out, "count", any ? pg_rows_int(rows, 0, FINDING_TOTAL) : 0);
	json_key(out, "by_severity");
	json_object_begin(out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_key_int(out, names[i],
			     any ? pg_rows_int(rows, 0, FINDING_BY_SEVERITY + i) : 0);
	json_object_end(out);
	write_top_findings(out, rows, "top");
	write_top_findings(out, rows, "items");
	json_object_end(out);
	json_object_end(out);
	kept_answers_reply(request);
}

static void write_group(struct json_out *out, const struct pg_rows *rows, size_t row)
{
	json_object_begin(out);
	columns_write(out, rows, row, group_columns, ARRAY_LEN(group_columns));
	json_key(out, "latest");
	json_object_begin(out);
	json_key_int(out, "seq", pg_rows_int(rows, row, GROUP_SEQ));
	json_key(out, "message");
	columns_write_bytes(out, pg_rows_slice(rows, row, GROUP_RAW));
	json_object_end(out);
	json_object_end(out);
}

static void on_groups(struct request *request, const struct pg_rows *rows)
{
	struct json_out *out = request->state;
	bool any = pg_rows_count(rows) > 0;

	json_key(out, "groups");
	json_object_begin(out);
	json_key_int(out, "count", any ? pg_rows_int(rows, 0, GROUP_TOTAL) : 0);
	json_key(out, "top");
	json_array_begin(out);
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		write_group(out, rows, i);
	json_array_end(out);
	json_object_end(out);
	run(request, findings_sql, on_findings);
}

static void write_time(struct json_out *out, const struct pg_rows *rows, size_t column)
{
	if (pg_rows_slice(rows, 0, column).ptr == NULL)
		json_out_null(out);
	else
		columns_write_time(out, pg_rows_int(rows, 0, column));
}

static void write_stats(struct json_out *out, const struct pg_rows *rows)
{
	json_key_int(out, "total_events", pg_rows_int(rows, 0, TOTALS_EVENTS));
	json_key_int(out, "total_events_with_ts",
		     pg_rows_int(rows, 0, TOTALS_WITH_TIMESTAMP));
	json_key(out, "time_range");
	json_object_begin(out);
	json_key(out, "min_ts");
	write_time(out, rows, TOTALS_MIN);
	json_key(out, "max_ts");
	write_time(out, rows, TOTALS_MAX);
	json_object_end(out);
	json_key(out, "levels");
	json_raw(out, pg_rows_slice(rows, 0, TOTALS_LEVELS));
	json_key(out, "services_top");
	json_raw(out, pg_rows_slice(rows, 0, TOTALS_SERVICES));
}

static void on_totals(struct request *request, const struct pg_rows *rows)
{
	struct json_out *out = request_alloc(request, sizeof(*out));

	*out = json_out_init(&request->out);
	request->state = out;
	json_object_begin(out);
	json_key(out, "ingestion");
	columns_write_json(out, pg_rows_slice(rows, 0, TOTALS_INGESTION));
	json_key(out, "stats");
	json_object_begin(out);
	write_stats(out, rows);
	json_object_end(out);
	run(request, groups_sql, on_groups);
}

static void get_anew(struct request *request)
{
	run(request, totals_sql, on_totals);
}

void overview_get(struct request *request)
{
	kept_answers_ask(request, get_anew);
}
