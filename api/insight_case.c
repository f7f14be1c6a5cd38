/* insight_case.c - facts by SQL, events from blocks or from a finding's evidence */
#include "api/insight_case.h"

#include <jansson.h>

#include "api/columns.h"
#include "api/context.h"
#include "api/db.h"
#include "api/event_routes.h"
#include "api/events.h"
#include "api/findings.h"
#include "api/redact.h"

/* of each end */
#define EDGE_EVENTS (EXPLAIN_EVENTS_MAX / 2)
/* of a record; more than enough to be cut again when its secrets are out */
#define RAW_MAX (4 * EXPLAIN_TEXT_MAX)
#define FACTS_DEPTH_MAX 16

struct gathering {
	struct request *request;
	struct insight_case found;
	struct redactor *redactor;
	struct redaction redaction;
	insight_case_fn *done;
	void *context;
	struct events_query *query;
	bool oldest;       /* the first events are being read */
	struct slice rule; /* of a finding */
};

/* clang-format off */
/* $1 project, $2 ingestion or 0 */
#define IN_SCOPE(t) t ".project_id = $1 AND ($2::bigint = 0 OR " t ".ingestion_id = $2)"
#define JSON_TIME(us) \
	"to_char(to_timestamp(" us " / 1000000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

/* $3 an id or NULL, $4 a template key or NULL */
static const char group_sql[] =
	"WITH wanted AS (SELECT coalesce((SELECT coalesce(merged_into, id) FROM siftd.groups"
	"   WHERE project_id = $1 AND id = $3), (SELECT group_id FROM siftd.templates"
	"   WHERE project_id = $1 AND key = $4)) AS id),"
	" keys AS (SELECT t.key, t.text FROM siftd.templates AS t, wanted"
	"  WHERE t.project_id = $1 AND t.group_id = wanted.id),"
	" stats AS (SELECT sum(s.count)::bigint AS n, min(s.first_us) AS low, max(s.last_us) AS high"
	"  FROM siftd.group_stats AS s WHERE " IN_SCOPE("s")
	"   AND s.template_key IN (SELECT key FROM keys)),"
	" tallies AS (SELECT severity, service, sum(count) AS n FROM siftd.group_counts AS c"
	"  WHERE " IN_SCOPE("c") " AND c.template_key IN (SELECT key FROM keys) GROUP BY 1, 2)"
	" SELECT g.id, stats.n, json_build_object("
	"  'template', (SELECT text FROM siftd.templates WHERE project_id = $1 AND key = g.root_key),"
	"  'status', g.status, 'occurrences', stats.n,"
	"  'first_seen', " JSON_TIME("stats.low") ", 'last_seen', " JSON_TIME("stats.high") ","
	"  'levels', (SELECT json_object_agg(coalesce(level, 'none'), n) FROM (SELECT "
	     SQL_LEVEL("severity") " AS level, sum(n) AS n FROM tallies GROUP BY 1) AS l),"
	"  'services', (SELECT json_object_agg(service, n) FROM (SELECT service, sum(n) AS n"
	"    FROM tallies GROUP BY 1 ORDER BY 2 DESC LIMIT 10) AS s),"
	"  'variables', siftd.variables_of_group($1, $2, g.id),"
	"  'seen_together_with', siftd.co_occurring($1, $2, g.id)), ''"
	" FROM siftd.groups AS g, wanted, stats"
	" WHERE g.project_id = $1 AND g.id = wanted.id AND stats.n > 0";

/* $3 the finding, $4 NULL */
static const char finding_sql[] =
	"WITH counts AS (SELECT m.template_key, sum(m.count)::bigint AS n,"
	"  min(m.first_us) AS low, max(m.last_us) AS high FROM siftd.finding_templates AS m"
	"  WHERE " IN_SCOPE("m") " AND m.finding_id = $3 AND $4::bigint IS NULL GROUP BY 1)"
	" SELECT f.id, stats.n, json_build_object('rule', f.rule_id, 'title', f.title,"
	"  'severity', (ARRAY['LOW', 'MED', 'HIGH', 'CRIT'])[f.severity + 1],"
	"  'confidence', f.confidence / 100.0, 'status', f.status, 'key', f.key,"
	"  'occurrences', stats.n, 'first_seen', " JSON_TIME("stats.low") ","
	"  'last_seen', " JSON_TIME("stats.high") ", 'services', f.services, 'hosts', f.hosts,"
	"  'window', CASE WHEN f.window_type <> '' THEN json_build_object('type', f.window_type,"
	"   'span_seconds', f.window_us / 1000000.0, 'threshold', f.window_count,"
	"   'peak', f.window_peak) END,"
	"  'fingerprints', (SELECT json_agg(json_build_object('fingerprint',"
	"    lpad(to_hex(c.template_key), 16, '0'), 'count', c.n, 'template', t.text))"
	"   FROM (SELECT * FROM counts ORDER BY n DESC LIMIT 10) AS c LEFT JOIN siftd.templates AS t"
	"    ON t.project_id = $1 AND t.key = c.template_key)), f.rule_id"
	" FROM siftd.findings AS f, (SELECT sum(n)::bigint AS n, min(low) AS low, max(high) AS high"
	"   FROM counts) AS stats"
	" WHERE f.project_id = $1 AND f.id = $3 AND stats.n > 0";

static const char evidence_sql[] =
	"WITH all_rows AS (SELECT DISTINCT ON (seq) seq, edge, ts, raw FROM siftd.evidence AS e"
	"  WHERE " IN_SCOPE("e") " AND finding_id = $3 ORDER BY seq, edge)"
	" (SELECT seq, ts, raw FROM all_rows WHERE edge = 0 ORDER BY ts, seq LIMIT $4::integer)"
	" UNION ALL (SELECT seq, ts, raw FROM all_rows WHERE edge = 1"
	"  ORDER BY ts DESC, seq DESC LIMIT $4::integer)";
/* clang-format on */

enum facts_column { FACTS_ID, FACTS_COUNT, FACTS_JSON, FACTS_RULE };

static const struct column evidence_columns[] = {
	{ "seq", COLUMN_INT },
	{ "ts", COLUMN_TIME },
	{ "raw", COLUMN_BYTES },
};

static void add_scope(struct gathering *gathering, struct db_call *call)
{
	struct request *request = gathering->request;

	db_add_int(request, call, request->caller.project_id);
	db_add_int(request, call, request->caller.ingestion_id);
}

/* all texts of a value, in a new one */
static json_t *redacted(struct gathering *gathering, json_t *value, unsigned depth)
{
	json_t *out = NULL;
	json_t *item = NULL;
	const char *key = NULL;
	size_t i = 0;

	if (json_is_string(value)) {
		struct buf text = { 0 };

		redact(gathering->redactor, &gathering->redaction,
		       slice_of(json_string_value(value), json_string_length(value)),
		       &text);
		out = json_stringn(text.len == 0 ? "" : text.data, text.len);
		buf_deinit(&text);
	} else if (depth == FACTS_DEPTH_MAX) {
		out = json_null();
	} else if (json_is_array(value)) {
		out = json_array();
		json_array_foreach(value, i, item)(void) json_array_append_new(
			out, redacted(gathering, item, depth + 1));
	} else if (json_is_object(value)) {
		out = json_object();
		json_object_foreach(value, key, item)(void) json_object_set_new(
			out, key, redacted(gathering, item, depth + 1));
	} else {
		out = json_incref(value);
	}
	return out;
}

static void set_facts(struct gathering *gathering, struct slice stored)
{
	struct request *request = gathering->request;
	struct buf text = { 0 };
	struct json_out out = json_out_init(&text);
	json_t *loaded = NULL;
	json_t *clean = NULL;
	char *dumped = NULL;

	json_object_begin(&out);
	json_key(&out, "stored");
	json_raw(&out, stored);
	if (gathering->found.subject.kind == EXPLAIN_FINDING) {
		json_key(&out, "rule");
		findings_write_rule(&out, request->api->deps.rules, gathering->rule);
	}
	json_object_end(&out);
	loaded = json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
	buf_deinit(&text);
	clean = redacted(gathering, loaded, 0);
	json_decref(loaded);
	dumped = json_dumps(clean, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(clean);
	gathering->found.subject.facts = arena_dup(&request->arena, slice_str(dumped));
	free(dumped);
}

static struct slice text_of(struct gathering *gathering, json_t *item, const char *key)
{
	json_t *value = json_object_get(item, key);

	if (!json_is_string(value))
		return (struct slice){ 0 };
	return arena_dup(&gathering->request->arena,
			 slice_of(json_string_value(value), json_string_length(value)));
}

/* whole characters; behind the last blank if one is near, so that no part of a secret
 * is left without the rest that tells it */
static struct slice cut(struct slice text, size_t max)
{
	size_t at = max;

	if (text.len <= max)
		return text;
	while (at > max / 2 && text.ptr[at - 1] != ' ' && text.ptr[at - 1] != '\n')
		at--;
	if (at == max / 2)
		at = max;
	while (at > 0 && ((unsigned char)text.ptr[at] & 0xC0u) == 0x80u)
		at--;
	return slice_head(text, at);
}

static struct slice clean_text(struct gathering *gathering, json_t *raw)
{
	struct buf text = { 0 };
	struct slice out;

	redact(gathering->redactor, &gathering->redaction,
	       cut(slice_of(json_string_value(raw), json_string_length(raw)), RAW_MAX),
	       &text);
	out = arena_dup(&gathering->request->arena,
			cut(buf_slice(&text), EXPLAIN_TEXT_MAX));
	buf_deinit(&text);
	return out;
}

/* in the order of seq; one that is there already stays once */
static struct explain_event *place_for(struct explain_case *subject, int64_t seq)
{
	size_t at = subject->events_count;

	if (at == EXPLAIN_EVENTS_MAX)
		return NULL;
	for (size_t i = 0; i < subject->events_count; i++) {
		if (subject->events[i].seq == seq)
			return NULL;
	}
	while (at > 0 && subject->events[at - 1].seq > seq) {
		subject->events[at] = subject->events[at - 1];
		at--;
	}
	subject->events_count++;
	return &subject->events[at];
}

static void add_events(struct gathering *gathering, struct slice json)
{
	json_t *loaded = json_loadb(json.ptr, json.len, JSON_ALLOW_NUL, NULL);
	json_t *items = json_object_get(loaded, "items");
	json_t *item = NULL;
	size_t i = 0;

	json_array_foreach(items, i, item)
	{
		int64_t seq = json_integer_value(json_object_get(item, "seq"));
		json_t *raw = json_object_get(item, "raw");
		struct explain_event *event = NULL;

		if (!json_is_string(raw))
			continue;
		event = place_for(&gathering->found.subject, seq);
		if (event == NULL)
			continue;
		*event = (struct explain_event){
			.seq = seq,
			.time = text_of(gathering, item, "ts"),
			.level = text_of(gathering, item, "level"),
			.service = text_of(gathering, item, "service"),
			.text = clean_text(gathering, raw),
		};
	}
	json_decref(loaded);
}

static void finish(struct gathering *gathering)
{
	struct request *request = gathering->request;

	if (gathering->found.subject.events_count == 0) {
		request_problem(request, 409,
				"None of its events is stored any more, so there is "
				"nothing to explain it by.");
		return;
	}
	gathering->found.redacted = gathering->redaction.count;
	gathering->done(request, &gathering->found, gathering->context);
}

static void on_evidence(struct request *request, const struct pg_rows *rows)
{
	struct gathering *gathering = request->state;
	struct buf text = { 0 };
	struct json_out out = json_out_init(&text);

	json_object_begin(&out);
	json_key(&out, "items");
	json_array_begin(&out);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		json_object_begin(&out);
		columns_write(&out, rows, i, evidence_columns,
			      ARRAY_LEN(evidence_columns));
		json_object_end(&out);
	}
	json_array_end(&out);
	json_object_end(&out);
	add_events(gathering, buf_slice(&text));
	buf_deinit(&text);
	finish(gathering);
}

static void read_evidence(struct gathering *gathering)
{
	struct db_call call = { .sql = evidence_sql, .done = on_evidence };

	add_scope(gathering, &call);
	db_add_int(gathering->request, &call, gathering->found.id);
	db_add_int(gathering->request, &call, EDGE_EVENTS);
	db_run(gathering->request, &call);
}

static void cancel(void *context)
{
	struct gathering *gathering = context;

	events_query_cancel(&gathering->query);
}

static void read_events(struct gathering *gathering, bool oldest);

static void on_events(void *context, const struct events_answer *answer)
{
	struct gathering *gathering = context;

	gathering->query = NULL;
	request_on_cancel(gathering->request, NULL, NULL);
	if (answer->status != EVENTS_OK) {
		event_routes_refuse(gathering->request, answer);
		return;
	}
	add_events(gathering, answer->json);
	if (gathering->oldest)
		finish(gathering);
	else
		read_events(gathering, true);
}

static void read_events(struct gathering *gathering, bool oldest)
{
	struct request *request = gathering->request;
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);
	struct event_filter filter = event_filter_init();

	filter.group_id = gathering->found.id;
	filter.limit = EDGE_EVENTS;
	filter.with_raw = true;
	filter.oldest_first = oldest;
	gathering->oldest = oldest;
	gathering->query =
		events_query_start(&deps, &scope, &filter, on_events, gathering);
	request_on_cancel(request, cancel, gathering);
	event_filter_deinit(&filter);
}

static void on_facts(struct request *request, const struct pg_rows *rows)
{
	struct gathering *gathering = request->state;
	bool is_group = gathering->found.subject.kind == EXPLAIN_GROUP;

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, is_group ? "group" : "finding");
		return;
	}
	gathering->found.id = pg_rows_int(rows, 0, FACTS_ID);
	gathering->found.count = pg_rows_int(rows, 0, FACTS_COUNT);
	gathering->rule = pg_rows_slice(rows, 0, FACTS_RULE);
	set_facts(gathering, pg_rows_slice(rows, 0, FACTS_JSON));
	if (is_group)
		read_events(gathering, false);
	else
		read_evidence(gathering);
}

void insight_case_gather(struct request *request, const struct insight_wanted *wanted,
			 struct redactor *redactor, insight_case_fn *done,
			 void *context)
{
	struct gathering *gathering = request_alloc(request, sizeof(*gathering));
	struct db_call call = { .done = on_facts };

	*gathering = (struct gathering){ .request = request,
					 .redactor = redactor,
					 .done = done,
					 .context = context };
	gathering->found.subject.kind = wanted->kind;
	request->state = gathering;
	call.sql = wanted->kind == EXPLAIN_GROUP ? group_sql : finding_sql;
	add_scope(gathering, &call);
	if (wanted->by_key) {
		db_add_text(&call, (struct slice){ 0 });
		db_add_int(request, &call, (int64_t)wanted->key);
	} else {
		db_add_int(request, &call, wanted->id);
		db_add_text(&call, (struct slice){ 0 });
	}
	db_run(request, &call);
}
