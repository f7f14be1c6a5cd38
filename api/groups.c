/* groups.c - groups of events
 *
 * Counts come from group_heads (one row for each group and ingestion), group_totals (by
 * level and service) and group_times (by ten minutes, hours and six hours), never from
 * blocks. Only the rows of one page get their names, breakdowns and sparklines.
 */
#include "api/groups.h"

#include <string.h>

#include "api/kept_answers.h"
#include "api/list.h"
#include "api/page.h"
#include "pipeline/record.h"

#define SPARKLINE_PARTS 24
#define SPARKLINE_PARTS_SQL "24"

enum group_sort { SORT_COUNT, SORT_LAST_SEEN, SORT_FIRST_SEEN, SORT_TREND };

static const char *const sort_words[] = { "count", "last_seen", "first_seen", "trend",
					  NULL };
/* of cursors: 'a' + sort */
static const char sort_kinds[] = "abct";
static const char *const status_words[] = { "open", "resolved", "muted", "regressed",
					    NULL };

/* clang-format off */
/* $1 project, $2 ingestion or 0 */
#define IN_SCOPE(t) \
	t ".project_id = $1 AND " t ".ingestion_id = ANY (ARRAY(SELECT id FROM scope))"

/* heads: one row for each group of the scope; span: the time that the scope has */
#define HEADS_CTE \
	"WITH scope AS (SELECT id FROM siftd.ingestions" \
	"  WHERE project_id = $1 AND ($2::bigint = 0 OR id = $2)), heads AS MATERIALIZED (" \
	"  SELECT h.group_id AS id, sum(h.count)::bigint AS count," \
	"   min(h.first_us) AS first_us, max(h.last_us) AS last_us," \
	"   max(h.latest_seq) AS latest_seq" \
	"  FROM siftd.group_heads AS h WHERE " IN_SCOPE("h") " GROUP BY h.group_id" \
	"), span AS MATERIALIZED (" \
	"  SELECT sum(count) AS total, min(first_us) AS low, max(last_us) AS high" \
	"  FROM heads)"

/* How much of a group is recent: events of the scope's last 24th of time, in thousandths of
 * what an even spread would have put there. Read only when it is sorted by. */
#define RECENT_CTE \
	", recent AS MATERIALIZED (SELECT r.* FROM span CROSS JOIN LATERAL" \
	"  siftd.recent_of_groups($1, ARRAY(SELECT id FROM scope), span.low, span.high," \
	"   " SPARKLINE_PARTS_SQL ") AS r WHERE $3::integer = 3)"
#define TREND "coalesce(round(recent.n * 24000.0 / greatest(h.count, 1)), 0)::bigint"

#define TALLIES_CTE \
	", tallies AS MATERIALIZED (SELECT * FROM siftd.tallies_of_groups($1," \
	"  ARRAY(SELECT id FROM scope), ARRAY(SELECT id FROM page)," \
	"  (SELECT low FROM span), (SELECT high FROM span), " SPARKLINE_PARTS_SQL "))"

#define LATEST_RAW \
	"(SELECT s.latest_raw FROM siftd.group_heads AS h JOIN siftd.group_stats AS s" \
	"  ON s.project_id = $1 AND s.ingestion_id = h.ingestion_id" \
	"   AND s.template_key = h.latest_key WHERE " IN_SCOPE("h") \
	"   AND h.group_id = page.id AND h.latest_seq = page.latest_seq LIMIT 1)"

/* "new": first seen in the last quarter of the scope's time, and not all of it is */
#define ITEM \
	"page.id, g.root_key, r.text, g.status, page.count," \
	" round(page.count::numeric / greatest(span.total, 1), 6)," \
	" page.first_us, page.last_us, page.first_us > span.low" \
	"  AND page.first_us >= span.high - (span.high - span.low) / 4," \
	" page.latest_seq, " LATEST_RAW ", page.value, tallies.levels, tallies.services," \
	" tallies.times"

#define ITEM_TABLES \
	" FROM page JOIN tallies USING (id) CROSS JOIN span" \
	" JOIN siftd.groups AS g ON g.project_id = $1 AND g.id = page.id" \
	" JOIN siftd.templates AS r ON r.project_id = $1 AND r.key = g.root_key"

static const char list_sql[] =
	HEADS_CTE RECENT_CTE ", page AS MATERIALIZED (SELECT * FROM (SELECT h.*,"
	"  CASE $3 WHEN 0 THEN h.count WHEN 1 THEN h.last_us"
	"   WHEN 2 THEN h.first_us ELSE " TREND " END AS value"
	"  FROM heads AS h LEFT JOIN recent ON recent.id = h.id"
	"  WHERE ($4 = '' OR EXISTS (SELECT FROM siftd.groups AS g"
	"    WHERE g.project_id = $1 AND g.id = h.id AND g.status = $4))"
	"   AND ($5 = '' OR EXISTS (SELECT FROM siftd.groups AS g"
	"    JOIN siftd.templates AS r ON r.project_id = $1 AND r.key = g.root_key"
	"    WHERE g.project_id = $1 AND g.id = h.id"
	"     AND strpos(lower(r.text), lower($5)) > 0))"
	"   AND ($6::integer IS NULL AND $7::text IS NULL OR EXISTS ("
	"    SELECT FROM siftd.group_totals AS c WHERE " IN_SCOPE("c")
	"     AND c.group_id = h.id AND ($6 IS NULL OR c.severity = $6)"
	"     AND ($7 IS NULL OR c.service = $7)))) AS sorted"
	" WHERE NOT $8::boolean OR value < $9 OR (value = $9 AND id > $10)"
	" ORDER BY value DESC, id LIMIT $11)" TALLIES_CTE
	" SELECT " ITEM ITEM_TABLES " ORDER BY page.value DESC, page.id";

/* $3 an id or NULL, $4 a template key or NULL; a merged group answers for its parts */
static const char get_sql[] =
	HEADS_CTE ", page AS MATERIALIZED (SELECT h.*, 0 AS value FROM heads AS h"
	"  WHERE h.id = (SELECT siftd.find_group($1, $3, $4)))" TALLIES_CTE
	" SELECT " ITEM ", r.sample,"
	" (SELECT json_agg(json_build_object('fingerprint',"
	"   lpad(to_hex(key), 16, '0'), 'template', text, 'generalised', generalised,"
	"   'reason', reason, 'count', n) ORDER BY n DESC, key)"
	"  FROM (SELECT t.key, t.text, t.generalised, t.reason, coalesce((SELECT"
	"     sum(s.count) FROM siftd.group_stats AS s"
	"     WHERE " IN_SCOPE("s") " AND s.template_key = t.key), 0) AS n"
	"    FROM siftd.templates AS t"
	"    WHERE t.project_id = $1 AND t.group_id = page.id"
	"    ORDER BY n DESC, t.key LIMIT 100) AS m),"
	" (SELECT content FROM siftd.insights WHERE project_id = $1"
	"   AND scope_type = 'group' AND scope_id = page.id AND status = 'done'"
	"  ORDER BY id DESC LIMIT 1),"
	" siftd.variables_of_group($1, $2, page.id),"
	" siftd.why_grouped($1, page.id),"
	" siftd.co_occurring($1, $2, page.id)" ITEM_TABLES;
/* clang-format on */

enum item_column {
	ITEM_LATEST_SEQ = 9,
	ITEM_LATEST_RAW = 10,
	ITEM_VALUE = 11,
	ITEM_LEVELS = 12,
	ITEM_SERVICES = 13,
	ITEM_TIMES = 14,
	ITEM_SAMPLE = 15,
	ITEM_MEMBERS = 16,
	ITEM_INSIGHT = 17,
	ITEM_VARIABLES = 18,
	ITEM_WHY = 19,
	ITEM_CO_OCCURRING = 20,
};

static const struct column item_columns[] = {
	{ "id", COLUMN_INT },          { "fingerprint", COLUMN_HEX64 },
	{ "template", COLUMN_TEXT },   { "status", COLUMN_TEXT },
	{ "count", COLUMN_INT },       { "share", COLUMN_NUMBER },
	{ "first_seen", COLUMN_TIME }, { "last_seen", COLUMN_TIME },
	{ "new", COLUMN_BOOL },
};

/* "part count part count ...", as siftd.tallies_of_groups says it; absent parts are 0
 */
static void read_parts(struct slice text, uint64_t parts[SPARKLINE_PARTS])
{
	uint64_t numbers[2] = { 0 };
	size_t which = 0;

	memset(parts, 0, SPARKLINE_PARTS * sizeof(parts[0]));
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != ' ') {
			numbers[which] =
				numbers[which] * 10 + (uint64_t)(text.ptr[i] - '0');
			continue;
		}
		if (which == 1 && numbers[0] < SPARKLINE_PARTS)
			parts[numbers[0]] = numbers[1];
		which = 1 - which;
		numbers[which] = 0;
	}
}

/* the last part against the mean of those before it */
static bool is_spiking(const uint64_t parts[SPARKLINE_PARTS])
{
	uint64_t last = parts[SPARKLINE_PARTS - 1];
	uint64_t sum = 0;

	for (size_t i = 0; i < SPARKLINE_PARTS - 1; i++)
		sum += parts[i];
	return last >= 10 && last * (SPARKLINE_PARTS - 1) >= sum * 3;
}

static void write_latest(struct json_out *out, const struct pg_rows *rows, size_t row)
{
	json_key(out, "latest");
	json_object_begin(out);
	json_key_int(out, "seq", pg_rows_int(rows, row, ITEM_LATEST_SEQ));
	json_key(out, "message");
	columns_write_bytes(out, pg_rows_slice(rows, row, ITEM_LATEST_RAW));
	json_object_end(out);
}

static void write_breakdown(struct json_out *out, const struct pg_rows *rows,
			    size_t row)
{
	json_key(out, "levels");
	json_raw(out, pg_rows_slice(rows, row, ITEM_LEVELS));
	json_key(out, "services");
	json_raw(out, pg_rows_slice(rows, row, ITEM_SERVICES));
}

static void write_item(struct json_out *out, const struct pg_rows *rows, size_t row)
{
	uint64_t parts[SPARKLINE_PARTS];

	read_parts(pg_rows_slice(rows, row, ITEM_TIMES), parts);
	columns_write(out, rows, row, item_columns, ARRAY_LEN(item_columns));
	json_key_bool(out, "spiking", is_spiking(parts));
	json_key(out, "sparkline");
	json_array_begin(out);
	for (size_t i = 0; i < SPARKLINE_PARTS; i++)
		json_uint(out, parts[i]);
	json_array_end(out);
	write_latest(out, rows, row);
}

static void on_list(struct request *request, const struct pg_rows *rows)
{
	const struct page *page = request->state;
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key(&out, "items");
	json_array_begin(&out);
	for (size_t i = 0; i < page_rows(page, rows); i++) {
		json_object_begin(&out);
		write_item(&out, rows, i);
		write_breakdown(&out, rows, i);
		json_object_end(&out);
	}
	json_array_end(&out);
	page_write_end(page, rows, ITEM_VALUE, 0, &out);
	json_object_end(&out);
	kept_answers_reply(request);
}

static void add_scope(struct request *request, struct db_call *call)
{
	db_add_int(request, call, request->caller.project_id);
	db_add_int(request, call, request->caller.ingestion_id);
}

/* NULL, or a severity number; false: answered with 422 */
static bool add_level(struct request *request, struct db_call *call)
{
	struct slice text = query_get(&request->query, "level");

	if (text.len == 0) {
		db_add_text(call, (struct slice){ 0 });
		return true;
	}
	for (int i = SEVERITY_TRACE; i < SEVERITY_COUNT; i++) {
		if (slice_equal_nocase(text,
				       slice_str(severity_name((enum severity)i)))) {
			db_add_int(request, call, i);
			return true;
		}
	}
	request_problem_field(request, "level",
			      "level must be one of: TRACE, DEBUG, INFO, NOTICE, WARN, "
			      "ERROR, CRITICAL.");
	return false;
}

/* NULL for any, '' for events without a service */
static bool add_service(struct request *request, struct db_call *call)
{
	struct slice text = { 0 };

	if (!request_query_text(request, "service", &text))
		return false;
	if (text.len == 0)
		text.ptr = NULL;
	else if (slice_equal(text, SLICE("unknown")))
		text = SLICE("");
	db_add_text(call, text);
	return true;
}

static bool read_words(struct request *request, size_t *sort, struct slice *status)
{
	struct error error = { 0 };
	size_t index = 0;

	*status = query_get(&request->query, "status");
	if (status->len == 0)
		*status = SLICE("");
	if (query_read_word(&request->query, "sort", sort_words, sort, &error) != 0) {
		request_problem_field(request, "sort", "%s.", error.text);
		return false;
	}
	if (query_read_word(&request->query, "status", status_words, &index, &error) !=
	    0) {
		request_problem_field(request, "status", "%s.", error.text);
		return false;
	}
	return true;
}

static void list_anew(struct request *request)
{
	struct page *page = request_alloc(request, sizeof(*page));
	struct db_call call = { .sql = list_sql, .done = on_list };
	struct slice status = { 0 };
	struct slice text = { 0 };
	size_t sort = SORT_COUNT;

	if (!read_words(request, &sort, &status) ||
	    !request_query_text(request, "q", &text) ||
	    !page_read(request, sort_kinds[sort], page))
		return;
	request->state = page;
	add_scope(request, &call);
	db_add_int(request, &call, (int64_t)sort);
	db_add_text(&call, status);
	db_add_text(&call, text);
	if (!add_level(request, &call) || !add_service(request, &call))
		return;
	page_add_params(request, &call, page);
	db_run(request, &call);
}

void groups_list(struct request *request)
{
	kept_answers_ask(request, list_anew);
}

static void on_group(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "group");
		return;
	}
	json_object_begin(&out);
	json_key(&out, "group");
	json_object_begin(&out);
	write_item(&out, rows, 0);
	json_key_int(&out, "total", pg_rows_int(rows, 0, 4));
	json_key(&out, "sample");
	columns_write_bytes(&out, pg_rows_slice(rows, 0, ITEM_SAMPLE));
	json_object_end(&out);
	json_key(&out, "breakdown");
	json_object_begin(&out);
	write_breakdown(&out, rows, 0);
	json_object_end(&out);
	json_key(&out, "members");
	json_raw(&out, pg_rows_slice(rows, 0, ITEM_MEMBERS));
	json_key(&out, "variables");
	json_raw(&out, pg_rows_slice(rows, 0, ITEM_VARIABLES));
	json_key(&out, "why");
	json_raw(&out, pg_rows_slice(rows, 0, ITEM_WHY));
	json_key(&out, "co_occurring");
	json_raw(&out, pg_rows_slice(rows, 0, ITEM_CO_OCCURRING));
	json_key(&out, "insight");
	columns_write_json(&out, pg_rows_slice(rows, 0, ITEM_INSIGHT));
	json_object_end(&out);
	kept_answers_reply(request);
}

/* two parameters: the id or NULL, the key or NULL; false: neither */
static bool add_group(struct request *request, struct db_call *call)
{
	struct slice text = route_param(&request->params, "group");
	uint64_t key = 0;
	int64_t id = 0;

	if (query_hex64(text, &key)) {
		db_add_text(call, (struct slice){ 0 });
		db_add_int(request, call, (int64_t)key);
	} else if (query_id(text, &id)) {
		db_add_int(request, call, id);
		db_add_text(call, (struct slice){ 0 });
	} else {
		request_not_found(request, "group");
		return false;
	}
	return true;
}

static void get_anew(struct request *request)
{
	struct db_call call = { .sql = get_sql, .done = on_group };

	add_scope(request, &call);
	if (add_group(request, &call))
		db_run(request, &call);
}

void groups_get(struct request *request)
{
	kept_answers_ask(request, get_anew);
}
