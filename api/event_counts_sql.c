/* event_counts_sql.c - which table of counts answers, and how
 *
 * scope_counts has no templates and few rows; group_counts has them and many. Minutes
 * may have been rolled up: in group_counts the begin of an hour or day stands for all
 * of it; in scope_counts the hours are always there, and what their minutes lack is put
 * at the begin of the hour.
 */
#include "api/event_counts_sql.h"

#include <inttypes.h>

#include "api/columns.h"

#define MINUTE_US INT64_C(60000000)
#define HOUR 60
#define DAY 1440

bool counts_need_blocks(const struct event_filter *filter)
{
	return filter->host.ptr != NULL || filter->text.len > 0;
}

static bool by_template(const struct event_filter *filter)
{
	return filter->by_template_key || filter->group_id != 0 || filter->by_group_key;
}

static int64_t floor_minute(int64_t time_us)
{
	int64_t minute = time_us / MINUTE_US;

	return time_us < 0 && time_us % MINUTE_US != 0 ? minute - 1 : minute;
}

static int64_t clamp_minute(int64_t minute)
{
	if (minute < INT32_MIN)
		return INT32_MIN;
	return minute > INT32_MAX ? INT32_MAX : minute;
}

struct minute_range counts_range(const struct event_filter *filter)
{
	if (!filter->by_time)
		return (struct minute_range){ INT32_MIN, INT32_MAX };
	return (struct minute_range){ clamp_minute(floor_minute(filter->from_us)),
				      clamp_minute(floor_minute(filter->to_us)) };
}

/* the parameters that every statement has: $1 to $4 */
static void add_common(struct request *request, const struct minute_range *range,
		       struct db_call *call)
{
	db_add_int(request, call, request->caller.project_id);
	db_add_int(request, call, request->caller.ingestion_id);
	db_add_int(request, call, range->from);
	db_add_int(request, call, range->to);
}

static size_t add_text(struct db_call *call, struct slice text)
{
	db_add_text(call, text);
	return call->params_count;
}

static void where_templates(struct request *request, const struct event_filter *filter,
			    struct buf *sql, struct db_call *call)
{
	const char *glue = "";

	if (filter->by_template_key) {
		buf_append_str(sql, " AND c.template_key = ANY ('{");
		for (size_t i = 0; i < filter->template_keys_count; i++, glue = ",")
			buf_printf(sql, "%s%" PRId64, glue,
				   (int64_t)filter->template_keys[i]);
		buf_append_str(sql, "}'::bigint[])");
	}
	if (filter->group_id == 0 && !filter->by_group_key)
		return;
	db_add_int(request, call,
		   filter->by_group_key ? (int64_t)filter->group_key
					: filter->group_id);
	buf_printf(
		sql,
		" AND c.template_key = ANY (ARRAY(SELECT key FROM siftd.templates"
		" WHERE project_id = $1 AND group_id = siftd.find_group($1, %s%zu%s)))",
		filter->by_group_key ? "NULL, $" : "$", call->params_count,
		filter->by_group_key ? "" : ", NULL");
}

/* the conditions on a row c of either table; its time is the caller's */
static void where(struct request *request, const struct event_filter *filter,
		  struct buf *sql, struct db_call *call)
{
	const char *glue = "";

	buf_append_str(sql, "c.project_id = $1 AND c.ingestion_id = ANY (ARRAY("
			    "SELECT id FROM siftd.ingestions WHERE project_id = $1"
			    " AND ($2::bigint = 0 OR id = $2)))");
	if (filter->levels != 0) {
		buf_append_str(sql, " AND c.severity IN (");
		for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
			if ((filter->levels >> i & 1) == 0)
				continue;
			buf_printf(sql, "%s%u", glue, i);
			glue = ",";
		}
		buf_append_char(sql, ')');
	}
	if (filter->service_none)
		buf_append_str(sql, " AND c.service = ''");
	else if (filter->service.ptr != NULL)
		buf_printf(sql, " AND c.service = $%zu",
			   add_text(call, filter->service));
	where_templates(request, filter, sql, call);
}

/* division that rounds down, of a column that may be below zero */
static void select_buckets(struct buf *sql, const char *minute, int64_t width)
{
	buf_printf(sql,
		   "SELECT floor(%s::numeric / %" PRId64
		   ")::bigint, severity, sum(n)::bigint",
		   minute, width);
}

static void from_table(struct buf *sql, const char *time, const char *table)
{
	buf_printf(sql,
		   "SELECT c.%s AS begin, c.severity, sum(c.count) AS n"
		   " FROM siftd.%s AS c WHERE c.%s BETWEEN $3::int AND $4::int AND ",
		   time, table, time);
}

/* without a service those rows answer that are of all services together */
static void from_width(struct buf *sql, const struct event_filter *filter,
		       int64_t width, const char *conditions)
{
	bool by_service = filter->service_none || filter->service.ptr != NULL;

	from_table(sql, "begin", "scope_counts");
	buf_printf(sql, "c.width = %" PRId64 " AND %s GROUP BY 1, 2",
		   by_service ? width : -width, conditions);
}

/* the minutes, and of each hour what they lack */
static void from_minutes(struct buf *sql, const struct event_filter *filter,
			 const char *conditions)
{
	buf_append_str(sql, "WITH minutes AS MATERIALIZED (");
	from_width(sql, filter, 1, conditions);
	buf_append_str(sql, "), hours AS (");
	from_width(sql, filter, HOUR, conditions);
	buf_append_str(sql,
		       "), of_minutes AS (SELECT siftd.begin_of(begin, 60) AS begin,"
		       " severity, sum(n) AS n FROM minutes GROUP BY 1, 2),"
		       " rows AS (SELECT * FROM minutes UNION ALL"
		       " SELECT h.begin, h.severity, h.n - coalesce(m.n, 0)"
		       " FROM hours AS h LEFT JOIN of_minutes AS m"
		       " ON m.begin = h.begin AND m.severity = h.severity"
		       /* of the last hour only some minutes were read */
		       " WHERE h.begin + 59 <= $4) ");
}

void counts_histogram_sql(struct request *request, const struct event_filter *filter,
			  const struct counts_buckets *buckets, struct buf *sql,
			  struct db_call *call)
{
	struct buf conditions = { 0 };
	int64_t width = buckets->width;

	add_common(request, &buckets->range, call);
	where(request, filter, &conditions, call);
	buf_append_char(&conditions, '\0');
	if (by_template(filter)) {
		buf_append_str(sql, "WITH rows AS (");
		from_table(sql, "minute", "group_counts");
		buf_printf(sql, "%s GROUP BY 1, 2) ", conditions.data);
	} else if (width % HOUR == 0) {
		buf_append_str(sql, "WITH rows AS (");
		from_width(sql, filter, width % DAY == 0 ? DAY : HOUR, conditions.data);
		buf_append_str(sql, ") ");
	} else {
		from_minutes(sql, filter, conditions.data);
	}
	select_buckets(sql, "begin", width);
	buf_append_str(sql, " FROM rows WHERE n > 0 GROUP BY 1, 2");
	buf_append_char(sql, '\0');
	buf_deinit(&conditions);
}

/* what the groups of a scope are, if nothing but the scope is asked for */
static bool is_plain(const struct event_filter *filter)
{
	return !filter->by_time && filter->levels == 0 && !filter->service_none &&
	       filter->service.ptr == NULL;
}

/* group_id, n */
static void group_rows(const struct event_filter *filter, const char *conditions,
		       struct buf *sql)
{
	if (is_plain(filter) && !by_template(filter))
		buf_printf(sql,
			   "SELECT c.group_id, sum(c.count)::bigint AS n"
			   " FROM siftd.group_heads AS c WHERE %s GROUP BY 1",
			   conditions);
	else
		buf_printf(
			sql,
			"SELECT t.group_id, sum(k.n)::bigint AS n FROM ("
			"SELECT c.template_key, sum(c.count) AS n"
			" FROM siftd.%s AND %s GROUP BY 1) AS k"
			" JOIN siftd.templates AS t"
			" ON t.project_id = $1 AND t.key = k.template_key GROUP BY 1",
			is_plain(filter) ? "group_stats AS c WHERE true"
					 : "group_counts AS c WHERE c.minute"
					   " BETWEEN $3::int AND $4::int",
			conditions);
}

static void value_rows(const struct event_filter *filter, const char *conditions,
		       struct buf *sql)
{
	if (by_template(filter))
		buf_printf(sql,
			   "SELECT c.severity, c.service, sum(c.count) AS n"
			   " FROM siftd.group_counts AS c"
			   " WHERE c.minute BETWEEN $3::int AND $4::int AND %s"
			   " GROUP BY 1, 2",
			   conditions);
	else if (filter->by_time)
		buf_printf(sql,
			   "SELECT c.severity, c.service, sum(c.count) AS n"
			   " FROM siftd.scope_counts AS c WHERE c.width = 1"
			   " AND c.begin BETWEEN $3::int AND $4::int AND %s"
			   " GROUP BY 1, 2",
			   conditions);
	else
		buf_printf(sql,
			   "SELECT c.severity, c.service, sum(c.count) AS n"
			   " FROM siftd.scope_counts AS c WHERE c.width = 0"
			   " AND c.begin = 0 AND %s GROUP BY 1, 2",
			   conditions);
}

void counts_facets_sql(struct request *request, const struct event_filter *filter,
		       int64_t limit, struct buf *sql, struct db_call *call)
{
	struct minute_range range = counts_range(filter);
	struct buf conditions = { 0 };

	add_common(request, &range, call);
	where(request, filter, &conditions, call);
	buf_append_char(&conditions, '\0');
	buf_append_str(sql, "WITH vals AS MATERIALIZED (");
	value_rows(filter, conditions.data, sql);
	buf_append_str(sql, "), groups AS MATERIALIZED (");
	group_rows(filter, conditions.data, sql);
	buf_append_str(
		sql,
		") SELECT coalesce((SELECT sum(n) FROM vals), 0)::bigint,"
		" coalesce((SELECT json_agg(json_build_object('value', value, 'count', n)"
		"  ORDER BY n DESC) FROM (SELECT " SQL_LEVEL(
			"severity") " AS value,"
				    "   sum(n)::bigint AS n FROM vals GROUP BY 1) AS l), '[]'),");
	buf_printf(
		sql,
		" coalesce((SELECT json_agg(json_build_object('value', value, 'count', n)"
		"  ORDER BY n DESC, value) FROM (SELECT nullif(service, '') AS value,"
		"   sum(n)::bigint AS n FROM vals GROUP BY 1 ORDER BY 2 DESC, 1"
		"   LIMIT %" PRId64 ") AS s), '[]'),"
		" coalesce((SELECT json_agg(json_build_object('value', g.id,"
		"   'fingerprint', lpad(to_hex(g.root_key), 16, '0'), 'template', r.text,"
		"   'count', top.n) ORDER BY top.n DESC, g.id)"
		"  FROM (SELECT group_id, n FROM groups"
		"   ORDER BY 2 DESC, 1 LIMIT %" PRId64 ") AS top"
		"  JOIN siftd.groups AS g ON g.project_id = $1 AND g.id = top.group_id"
		"  JOIN siftd.templates AS r ON r.project_id = $1 AND r.key = g.root_key),"
		"  '[]'), $2::bigint, $3::int, $4::int",
		limit, limit);
	buf_append_char(sql, '\0');
	buf_deinit(&conditions);
}
