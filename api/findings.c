/* findings.c - findings
 *
 * A finding belongs to a project; in the scope of an ingestion its totals and times are
 * those of that ingestion. A provisional one (its window has not filled) is listed only
 * when it is asked for.
 */
#include "api/findings.h"

#include "api/context.h"
#include "api/kept_answers.h"
#include "api/list.h"
#include "api/page.h"
#include "pipeline/rules.h"

#define SEVERITY_SHIFT "1000000000000::bigint"
/* a finding of many templates has thousands of events as evidence */
#define EVIDENCE_SEQS "100"

static const char *const status_words[] = { "provisional", "open",  "acknowledged",
					    "resolved",    "muted", "regressed",
					    NULL };
static const char *const severity_words[] = { "LOW", "MED", "HIGH", "CRIT", NULL };

/* clang-format off */
/* $1 project, $2 ingestion or 0 */
#define IN_SCOPE(t) t ".project_id = $1 AND ($2::bigint = 0 OR " t ".ingestion_id = $2)"

/* sums: one row for each finding that has occurrences in the scope; a project's are in its
 * row, those of an ingestion are added up. What selects and sorts stands beside them, so
 * that no finding is looked up twice to be passed over */
#define SUMS_CTE \
	"WITH sums AS (SELECT id AS finding_id, severity, status, rule_id, total, first_us, last_us" \
	" FROM siftd.findings WHERE project_id = $1 AND $2::bigint = 0 AND total > 0" \
	" UNION ALL SELECT o.id, o.severity, o.status, o.rule_id, s.*" \
	" FROM siftd.findings AS o CROSS JOIN LATERAL (" \
	"  SELECT sum(m.count)::bigint AS total, min(m.first_us), max(m.last_us)" \
	"  FROM siftd.finding_templates AS m WHERE m.project_id = $1" \
	"   AND m.finding_id = o.id AND m.ingestion_id = $2) AS s" \
	" WHERE o.project_id = $1 AND $2 <> 0 AND s.total > 0)"

#define JSON_TIME(us) \
	"to_char(to_timestamp(" us " / 1000000.0) AT TIME ZONE 'UTC'," \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

/* an episode that may still grow */
#define ACTIVE \
	"EXISTS (SELECT FROM siftd.episodes AS p WHERE p.project_id = $1" \
	"  AND p.finding_id = f.id AND to_timestamp((p.last_us + f.quiet_us) / 1000000.0)" \
	"   > now())"

/* the mute that covers all of a finding, if there is one */
#define MUTED_BY \
	"SELECT u.id FROM siftd.mutes AS u WHERE u.project_id = $1 AND u.starts_at <= now()" \
	"  AND coalesce(u.ends_at > now(), true) AND coalesce(u.rule_id = f.rule_id, true)" \
	" AND (u.service IS NULL OR f.services = ARRAY[u.service])" \
	"  AND (u.host IS NULL OR f.hosts = ARRAY[u.host])" \
	"  AND (u.group_id IS NULL OR NOT EXISTS (SELECT FROM siftd.finding_templates AS m" \
	"   WHERE m.project_id = $1 AND m.finding_id = f.id AND m.template_key NOT IN (" \
	"    SELECT key FROM siftd.templates WHERE project_id = $1 AND group_id = u.group_id)))" \
	"  ORDER BY u.id LIMIT 1"

/* a few templates are sorted cheaper than hashed: the latter makes a table for each finding */
#define ITEM \
	"f.id, f.rule_id, f.title, f.severity, round(f.confidence / 100.0, 2)," \
	" f.status, f.key, sums.first_us, sums.last_us, sums.total," \
	" (SELECT json_agg(json_build_object('fingerprint'," \
	"   lpad(to_hex(template_key), 16, '0'), 'count', n) ORDER BY n DESC, template_key)" \
	"  FROM (SELECT template_key, sum(count) AS n FROM (SELECT m.template_key, m.count" \
	"    FROM siftd.finding_templates AS m WHERE " IN_SCOPE("m") \
	"     AND m.finding_id = f.id ORDER BY m.template_key) AS sorted" \
	"   GROUP BY template_key ORDER BY 2 DESC, 1 LIMIT 10) AS k)," \
	" coalesce((SELECT json_agg(DISTINCT kept.seq) FROM (SELECT e.seq" \
	"  FROM siftd.evidence AS e WHERE " IN_SCOPE("e") " AND e.finding_id = f.id" \
	"  LIMIT " EVIDENCE_SEQS ") AS kept), '[]')," \
	" CASE WHEN f.window_type <> '' THEN json_build_object('type', f.window_type, 'span_seconds'," \
	"  f.window_us / 1000000.0, 'threshold', f.window_count, 'peak', f.window_peak)" \
	" END, " ACTIVE ", (SELECT count(*) FROM siftd.episodes AS p" \
	"  WHERE p.project_id = $1 AND p.finding_id = f.id) + f.episodes_forgotten," \
	" to_json(f.services), to_json(f.hosts), " SQL_TIME_US("f.muted_until") ", (" MUTED_BY ")"

#define TABLES \
	" FROM sums JOIN siftd.findings AS f" \
	"  ON f.project_id = $1 AND f.id = sums.finding_id"

/* how long nothing of what depends on the time changes, in microseconds; NULL: ever */
#define NOW_US "(extract(epoch FROM now()) * 1000000)::bigint"
#define GOOD_US \
	"(SELECT min(t.us) - " NOW_US " FROM (SELECT p.last_us + o.quiet_us AS us" \
	"   FROM siftd.episodes AS p JOIN siftd.findings AS o" \
	"    ON o.project_id = $1 AND o.id = p.finding_id WHERE p.project_id = $1" \
	"  UNION ALL SELECT unnest(ARRAY[" SQL_TIME_US("u.starts_at") ", " SQL_TIME_US("u.ends_at") "])" \
	"   FROM siftd.mutes AS u WHERE u.project_id = $1) AS t WHERE t.us > " NOW_US ")"

/* by severity, then volume: one number that a cursor can hold */
#define VALUE \
	"(severity * " SEVERITY_SHIFT " + least(sums.total, " SEVERITY_SHIFT " - 1))"

static const char list_sql[] =
	SUMS_CTE ", matching AS (SELECT sums.*, " VALUE " AS value,"
	"  count(*) OVER () AS n FROM sums"
	" WHERE CASE WHEN $3 = '' THEN status <> 'provisional' ELSE status = $3 END"
	" AND ($4::integer IS NULL OR severity = $4) AND ($5 = '' OR rule_id = $5)),"
	" page AS MATERIALIZED (SELECT * FROM matching"
	"  WHERE NOT $6::boolean OR value < $7 OR (value = $7 AND finding_id > $8)"
	"  ORDER BY value DESC, finding_id LIMIT $9)"
	" SELECT " ITEM ", sums.value, sums.n, " GOOD_US " FROM page AS sums"
	" JOIN siftd.findings AS f ON f.project_id = $1 AND f.id = sums.finding_id"
	" ORDER BY sums.value DESC, f.id";

static const char get_sql[] =
	SUMS_CTE " SELECT " ITEM ", " SQL_TIME_US("f.created_at") ","
	" (SELECT content FROM siftd.insights WHERE project_id = $1"
	"   AND scope_type = 'finding' AND scope_id = f.id AND status = 'done'"
	"  ORDER BY id DESC LIMIT 1),"
	" f.note, " SQL_TIME_US("f.status_at") ","
	" (SELECT name FROM siftd.users WHERE id = f.status_user_id),"
	" (SELECT coalesce(json_agg(json_build_object('id', id,"
	"   'first_seen', " JSON_TIME("first_us") ", 'last_seen', " JSON_TIME("last_us") ","
	"   'total', total, 'active',"
	"   to_timestamp((last_us + f.quiet_us) / 1000000.0) > now()) ORDER BY last_us DESC), '[]')"
	"  FROM (SELECT * FROM siftd.episodes WHERE project_id = $1 AND finding_id = f.id"
	"   ORDER BY last_us DESC LIMIT 100) AS newest)" TABLES " WHERE f.id = $3";

/* the first and the last dozen; an event at both edges stands once, at its head. Raw bytes are
 * read for those only */
static const char evidence_sql[] =
	"WITH all_rows AS MATERIALIZED (SELECT DISTINCT ON (seq) seq, edge, ts,"
	"  template_key, ingestion_id FROM siftd.evidence AS e"
	"  WHERE " IN_SCOPE("e") " AND finding_id = $3 ORDER BY seq, edge),"
	" shown AS MATERIALIZED ((SELECT * FROM all_rows"
	"   WHERE edge = 0 ORDER BY ts, seq LIMIT 12)"
	"  UNION ALL (SELECT * FROM all_rows WHERE edge = 1 ORDER BY ts DESC, seq DESC LIMIT 12))"
	" SELECT seq, ts, template_key, ingestion_id, e.raw, e.captures, edge"
	" FROM shown JOIN siftd.evidence AS e USING (seq, edge, ts, template_key, ingestion_id)"
	" WHERE e.project_id = $1 AND e.finding_id = $3 ORDER BY ts, seq";
/* clang-format on */

enum item_column {
	ITEM_RULE = 1,
	ITEM_VALUE = 19,
	ITEM_MATCHING = 20,
	ITEM_GOOD_US = 21,
	ITEM_INSIGHT = 20,
	ITEM_TRIAGE = 21, /* the first of triage_columns */
};

static const struct column item_columns[] = {
	{ "id", COLUMN_INT },
	{ "rule", COLUMN_TEXT },
	{ "title", COLUMN_TEXT },
	{ "severity", COLUMN_SEVERITY },
	{ "confidence", COLUMN_NUMBER },
	{ "status", COLUMN_TEXT },
	{ "key", COLUMN_TEXT },
	{ "first_seen", COLUMN_TIME },
	{ "last_seen", COLUMN_TIME },
	{ "total_occurrences", COLUMN_INT },
	{ "matched_fingerprints", COLUMN_JSON },
	{ "evidence_seqs", COLUMN_JSON },
	{ "window", COLUMN_JSON },
	{ "active", COLUMN_BOOL },
	{ "episodes", COLUMN_INT },
	{ "services", COLUMN_JSON },
	{ "hosts", COLUMN_JSON },
	{ "muted_until", COLUMN_TIME },
	{ "muted_by", COLUMN_INT },
};

/* of get_sql, from ITEM_TRIAGE on */
static const struct column triage_columns[] = {
	[ITEM_TRIAGE] = { "note", COLUMN_TEXT },
	{ "at", COLUMN_TIME },
	{ "by", COLUMN_TEXT },
};

#define EPISODES_COLUMN ARRAY_LEN(triage_columns)

static const struct column evidence_columns[] = {
	{ "seq", COLUMN_INT },           { "ts", COLUMN_TIME },
	{ "fingerprint", COLUMN_HEX64 }, { "ingestion_id", COLUMN_INT },
	{ "raw", COLUMN_BYTES },         { "captures", COLUMN_JSON },
};

/* as stored */
enum edge { EDGE_HEAD = 0, EDGE_TAIL = 1, EDGE_BOTH };

#define EVIDENCE_EDGE_COLUMN ARRAY_LEN(evidence_columns)

static void add_scope(struct request *request, struct db_call *call)
{
	db_add_int(request, call, request->caller.project_id);
	db_add_int(request, call, request->caller.ingestion_id);
}

static void on_list(struct request *request, const struct pg_rows *rows)
{
	const struct page *page = request->state;
	struct json_out out = json_out_init(&request->out);
	size_t count = page_rows(page, rows);

	json_object_begin(&out);
	json_key_int(&out, "count",
		     count == 0 ? 0 : pg_rows_int(rows, 0, ITEM_MATCHING));
	json_key(&out, "items");
	json_array_begin(&out);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(&out);
		columns_write(&out, rows, i, item_columns, ARRAY_LEN(item_columns));
		json_object_end(&out);
	}
	json_array_end(&out);
	page_write_end(page, rows, ITEM_VALUE, 0, &out);
	json_object_end(&out);
	if (count > 0 && pg_rows_slice(rows, 0, ITEM_GOOD_US).ptr != NULL)
		kept_answers_limit(request, pg_rows_int(rows, 0, ITEM_GOOD_US));
	kept_answers_reply(request);
}

/* status and severity; false: answered with 422 */
static bool add_words(struct request *request, struct db_call *call)
{
	struct slice status = query_get(&request->query, "status");
	struct slice severity = query_get(&request->query, "severity");
	struct error error = { 0 };
	size_t index = 0;

	if (query_read_word(&request->query, "status", status_words, &index, &error) !=
	    0) {
		request_problem_field(request, "status", "%s.", error.text);
		return false;
	}
	db_add_text(call, status.len == 0 ? SLICE("") : status);
	if (query_read_word(&request->query, "severity", severity_words, &index,
			    &error) != 0) {
		request_problem_field(request, "severity", "%s.", error.text);
		return false;
	}
	if (severity.len == 0)
		db_add_text(call, (struct slice){ 0 });
	else
		db_add_int(request, call, (int64_t)index);
	return true;
}

static void list_anew(struct request *request)
{
	struct page *page = request_alloc(request, sizeof(*page));
	struct db_call call = { .sql = list_sql, .done = on_list };
	struct slice rule = { 0 };

	if (!page_read(request, 'f', page) ||
	    !request_query_text(request, "rule", &rule))
		return;
	request->state = page;
	add_scope(request, &call);
	if (!add_words(request, &call))
		return;
	db_add_text(&call, rule);
	page_add_params(request, &call, page);
	db_run(request, &call);
}

void findings_list(struct request *request)
{
	kept_answers_ask(request, list_anew);
}

static void write_edge(struct json_out *out, const struct pg_rows *rows, enum edge edge)
{
	json_array_begin(out);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		if (edge != EDGE_BOTH &&
		    pg_rows_int(rows, i, EVIDENCE_EDGE_COLUMN) != edge)
			continue;
		json_object_begin(out);
		columns_write(out, rows, i, evidence_columns,
			      ARRAY_LEN(evidence_columns));
		json_object_end(out);
	}
	json_array_end(out);
}

/* request->out holds the finding already, and request->state its writer */
static void on_evidence(struct request *request, const struct pg_rows *rows)
{
	struct json_out *out = request->state;

	json_key(out, "evidence");
	json_object_begin(out);
	json_key(out, "head");
	write_edge(out, rows, EDGE_HEAD);
	json_key(out, "tail");
	write_edge(out, rows, EDGE_TAIL);
	json_object_end(out);
	json_key(out, "evidence_preview");
	write_edge(out, rows, EDGE_BOTH);
	json_object_end(out);
	request_reply_json(request, 200);
}

static const struct rule *find_rule(const struct rules *rules, struct slice id)
{
	size_t count = rules == NULL ? 0 : rules_count(rules);

	for (size_t i = 0; i < count; i++) {
		const struct rule *rule = rules_get(rules, i);

		if (slice_equal(id, slice_str(rule->id)))
			return rule;
	}
	return NULL;
}

static void write_texts(struct json_out *out, const char *key, const char *const *texts,
			size_t count)
{
	json_key(out, key);
	json_array_begin(out);
	for (size_t i = 0; i < count; i++)
		json_out_string(out, slice_str(texts[i]));
	json_array_end(out);
}

void findings_write_rule(struct json_out *out, const struct rules *rules,
			 struct slice id)
{
	const struct rule *rule = find_rule(rules, id);

	if (rule == NULL) {
		json_out_null(out);
		return;
	}
	json_object_begin(out);
	json_key(out, "description");
	if (rule->description == NULL)
		json_out_null(out);
	else
		json_out_string(out, slice_str(rule->description));
	write_texts(out, "first_checks", rule->first_checks, rule->first_checks_count);
	write_texts(out, "references", rule->references, rule->references_count);
	json_object_end(out);
}

static void on_finding(struct request *request, const struct pg_rows *rows)
{
	struct db_call call = { .sql = evidence_sql, .done = on_evidence };
	struct json_out *out = request_alloc(request, sizeof(*out));

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, "finding");
		return;
	}
	*out = json_out_init(&request->out);
	json_object_begin(out);
	json_key(out, "finding");
	json_object_begin(out);
	columns_write(out, rows, 0, item_columns, ARRAY_LEN(item_columns));
	json_object_end(out);
	json_key(out, "rule");
	findings_write_rule(out, request->api->deps.rules,
			    pg_rows_slice(rows, 0, ITEM_RULE));
	json_key(out, "triage");
	json_object_begin(out);
	columns_write(out, rows, 0, triage_columns, ARRAY_LEN(triage_columns));
	json_object_end(out);
	json_key(out, "episodes");
	columns_write_json(out, pg_rows_slice(rows, 0, EPISODES_COLUMN));
	json_key(out, "insight");
	columns_write_json(out, pg_rows_slice(rows, 0, ITEM_INSIGHT));
	request->state = out;
	add_scope(request, &call);
	db_add_int(request, &call, pg_rows_int(rows, 0, 0));
	db_run(request, &call);
}

static bool add_id(struct request *request, struct db_call *call)
{
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "finding"), &id)) {
		request_not_found(request, "finding");
		return false;
	}
	db_add_int(request, call, id);
	return true;
}

void findings_get(struct request *request)
{
	struct db_call call = { .sql = get_sql, .done = on_finding };

	add_scope(request, &call);
	if (add_id(request, &call))
		db_run(request, &call);
}
