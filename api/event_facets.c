/* event_facets.c - top values, from the tables of counts or from the blocks */
#include <inttypes.h>
#include <stdlib.h>

#include "api/columns.h"
#include "api/event_counts.h"
#include "api/event_counts_sql.h"
#include "api/event_routes.h"
#include "api/kept_answers.h"
#include "base/mem.h"

#define MINUTE_US INT64_C(60000000)
#define VALUES_DEFAULT 10
#define VALUES_MAX 100

/* what may be asked for; hosts are in the blocks only */
enum {
	FACET_LEVEL = 1,
	FACET_SERVICE = 2,
	FACET_HOST = 4,
	FACET_GROUP = 8,
	FACET_ALL = 15
};

static const struct {
	const char *name;
	unsigned bit;
} facet_names[] = {
	{ "level", FACET_LEVEL },
	{ "service", FACET_SERVICE },
	{ "host", FACET_HOST },
	{ "group", FACET_GROUP },
};

struct facets {
	unsigned wanted;
	int64_t limit;
	struct events_query *query;
	struct json_out out; /* open, while more is looked up */
	bool is_open;
};

static void finish(struct request *request, struct json_out *out)
{
	json_object_end(out);
	kept_answers_reply(request);
}

static void open_answer(struct request *request)
{
	struct facets *facets = request->state;

	if (facets->is_open)
		return;
	facets->is_open = true;
	facets->out = json_out_init(&request->out);
	json_object_begin(&facets->out);
}

static void on_rows(struct request *request, const struct pg_rows *rows)
{
	/* columns of counts_facets_sql, behind the total */
	static const struct {
		const char *key;
		unsigned bit;
	} columns[] = { { "level", FACET_LEVEL },
			{ "service", FACET_SERVICE },
			{ "group", FACET_GROUP } };
	struct facets *facets = request->state;
	struct json_out *out = &facets->out;

	open_answer(request);
	json_key_int(out, "total", pg_rows_int(rows, 0, 0));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		if ((facets->wanted & columns[i].bit) == 0)
			continue;
		json_key(out, columns[i].key);
		json_raw(out, pg_rows_slice(rows, 0, 1 + i));
	}
	finish(request, out);
}

static void on_groups(struct request *request, const struct pg_rows *rows)
{
	struct facets *facets = request->state;

	json_key(&facets->out, "group");
	json_raw(&facets->out, pg_rows_slice(rows, 0, 0));
	finish(request, &facets->out);
}

/* sums up the templates of each group */
static void find_groups(struct request *request, const struct event_tally *tally)
{
	const struct facets *facets = request->state;
	struct db_call call = {
		.sql = "SELECT coalesce(json_agg(json_build_object('value', g.id,"
		       " 'fingerprint', lpad(to_hex(g.root_key), 16, '0'),"
		       " 'template', r.text, 'count', top.n)"
		       " ORDER BY top.n DESC, g.id), '[]')"
		       " FROM (SELECT t.group_id, sum(u.n)::bigint AS n"
		       "  FROM unnest($2::bigint[], $3::bigint[]) AS u (key, n)"
		       "  JOIN siftd.templates AS t ON t.project_id = $1 AND t.key = u.key"
		       "  GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $4) AS top"
		       " JOIN siftd.groups AS g ON g.project_id = $1 AND g.id = top.group_id"
		       " JOIN siftd.templates AS r ON r.project_id = $1 AND r.key = g.root_key",
		.done = on_groups,
	};
	struct buf keys = { 0 };
	struct buf counts = { 0 };
	const char *glue = "{";
	size_t at = 0;
	uint64_t key = 0;
	uint64_t n = 0;

	while (table_next(&tally->templates, &at, &key, &n)) {
		buf_printf(&keys, "%s%" PRId64, glue, (int64_t)key);
		buf_printf(&counts, "%s%" PRIu64, glue, n);
		glue = ",";
	}
	buf_append_str(&keys, glue[0] == '{' ? "{}" : "}");
	buf_append_str(&counts, glue[0] == '{' ? "{}" : "}");
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, buf_slice(&keys));
	db_add_text(&call, buf_slice(&counts));
	db_add_int(request, &call, facets->limit);
	db_run(request, &call);
	buf_deinit(&keys);
	buf_deinit(&counts);
}

struct value {
	struct slice name; /* ptr NULL: none */
	uint64_t count;
};

static int compare_values(const void *a, const void *b)
{
	const struct value *left = a;
	const struct value *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return slice_compare(left->name, right->name);
}

static void write_values(struct json_out *out, const char *key, struct value *values,
			 size_t count, size_t limit)
{
	qsort(values, count, sizeof(*values), compare_values);
	json_key(out, key);
	json_array_begin(out);
	for (size_t i = 0; i < count && i < limit; i++) {
		json_object_begin(out);
		json_key_string(out, "value", values[i].name);
		json_key_uint(out, "count", values[i].count);
		json_object_end(out);
	}
	json_array_end(out);
}

static void write_names(struct json_out *out, const char *key,
			const struct tally_names *names, size_t limit)
{
	struct value *values = mem_calloc(names->count + 1, sizeof(*values));

	for (size_t i = 0; i < names->count; i++)
		values[i] = (struct value){ names->names[i], names->counts[i] };
	write_values(out, key, values, names->count, limit);
	mem_free(values);
}

static void write_levels(struct json_out *out, const struct event_tally *tally)
{
	struct value values[SEVERITY_COUNT];
	size_t count = 0;

	for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
		const char *name = severity_name((enum severity)i);

		if (tally->levels[i] == 0)
			continue;
		values[count++] = (struct value){
			.name = name == NULL ? slice_of(NULL, 0) : slice_str(name),
			.count = tally->levels[i],
		};
	}
	write_values(out, "level", values, count, SEVERITY_COUNT);
}

static void on_tally(void *context, const struct events_answer *said)
{
	struct request *request = context;
	struct facets *facets = request->state;
	size_t limit = (size_t)facets->limit;
	struct json_out *out = &facets->out;

	request_on_cancel(request, NULL, NULL);
	if (said->status != EVENTS_OK) {
		event_routes_refuse(request, said);
		return;
	}
	if (!said->whole)
		kept_answers_limit(request, 0);
	open_answer(request);
	json_key_uint(out, "total", said->tally->total);
	if ((facets->wanted & FACET_LEVEL) != 0)
		write_levels(out, said->tally);
	if ((facets->wanted & FACET_SERVICE) != 0)
		write_names(out, "service", &said->tally->services, limit);
	if ((facets->wanted & FACET_HOST) != 0)
		write_names(out, "host", &said->tally->hosts, limit);
	if ((facets->wanted & FACET_GROUP) != 0)
		find_groups(request, said->tally);
	else
		finish(request, out);
}

static void cancel(void *context)
{
	struct facets *facets = context;

	events_query_cancel(&facets->query);
}

static void count_blocks(struct request *request, struct event_filter *filter)
{
	struct facets *facets = request->state;
	struct minute_range range = counts_range(filter);
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);

	filter->or_observed = true;
	filter->from_us = range.from * MINUTE_US;
	filter->to_us = (range.to + 1) * MINUTE_US - 1;
	facets->query = events_tally_start(&deps, &scope, filter, 0, on_tally, request);
	request_on_cancel(request, cancel, facets);
}

static void count_rows(struct request *request, const struct event_filter *filter)
{
	const struct facets *facets = request->state;
	struct db_call call = { .done = on_rows };
	struct buf sql = { 0 };

	counts_facets_sql(request, filter, facets->limit, &sql, &call);
	call.sql = sql.data;
	db_run(request, &call);
	buf_deinit(&sql);
}

/* clang-format off */
/* $1 project, $2 ingestion or 0, $3 how many; the last columns are of all blocks: events, and those of
 * blocks that do not count their hosts */
static const char hosts_sql[] =
	"WITH scope AS MATERIALIZED (SELECT array_agg(id) AS ids FROM siftd.ingestions"
	"  WHERE project_id = $1 AND ($2::bigint = 0 OR id = $2)),"
	" b AS MATERIALIZED (SELECT event_count, hosts, host_counts FROM siftd.event_blocks"
	"  WHERE project_id = $1 AND ingestion_id = ANY ((SELECT ids FROM scope)::bigint[])"
	/* a block of several ingestions counts the hosts of all of them: those that were cleared (0) name none */
	"  UNION ALL SELECT (SELECT sum(r.n) FROM unnest(run_ingestions, run_counts) AS r (id, n)"
	"    WHERE r.id = ANY (ids))::integer,"
	"   CASE WHEN run_ingestions <@ (0::bigint || ids) THEN hosts END, host_counts"
	"  FROM siftd.event_blocks CROSS JOIN scope"
	"  WHERE project_id = $1 AND ingestion_id = 0 AND run_ingestions && ids),"
	" named AS (SELECT u.host, sum(u.n)::bigint AS n FROM b"
	"  CROSS JOIN LATERAL unnest(b.hosts, b.host_counts) AS u (host, n) GROUP BY 1),"
	" sums AS (SELECT coalesce(sum(event_count), 0)::bigint AS events,"
	"  coalesce(sum(event_count) FILTER (WHERE hosts IS NULL), 0)::bigint AS unknown FROM b),"
	" found AS (SELECT host, n FROM named UNION ALL SELECT NULL, events - unknown -"
	"  coalesce((SELECT sum(n) FROM named), 0)::bigint FROM sums)"
	" SELECT top.host, top.n, sums.events, sums.unknown FROM sums LEFT JOIN"
	"  (SELECT * FROM found WHERE n > 0 ORDER BY n DESC, host NULLS FIRST LIMIT $3::integer)"
	"  AS top ON true ORDER BY top.n DESC, top.host NULLS FIRST";
/* clang-format on */

enum hosts_column { HOSTS_HOST, HOSTS_COUNT, HOSTS_EVENTS, HOSTS_UNKNOWN };

static void write_hosts(struct json_out *out, const struct pg_rows *rows)
{
	json_key(out, "host");
	json_array_begin(out);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		if (pg_rows_slice(rows, i, HOSTS_COUNT).ptr == NULL)
			continue; /* there are no events */
		json_object_begin(out);
		json_key(out, "value");
		columns_write_bytes(out, pg_rows_slice(rows, i, HOSTS_HOST));
		json_key_int(out, "count", pg_rows_int(rows, i, HOSTS_COUNT));
		json_object_end(out);
	}
	json_array_end(out);
}

static void on_hosts(struct request *request, const struct pg_rows *rows)
{
	struct facets *facets = request->state;
	struct event_filter all = event_filter_init();

	if (pg_rows_int(rows, 0, HOSTS_UNKNOWN) > 0) {
		count_blocks(request, &all);
		return;
	}
	open_answer(request);
	write_hosts(&facets->out, rows);
	if (facets->wanted != FACET_HOST) {
		count_rows(request, &all);
		return;
	}
	json_key_int(&facets->out, "total", pg_rows_int(rows, 0, HOSTS_EVENTS));
	finish(request, &facets->out);
}

/* blocks say how many events name which host, as long as all of their events count */
static bool wants_all(const struct event_filter *filter)
{
	return !counts_need_blocks(filter) && filter->levels == 0 && !filter->by_time &&
	       filter->service.ptr == NULL && !filter->service_none &&
	       !filter->by_template_key && !filter->by_group_key &&
	       filter->group_id == 0;
}

static void count_hosts(struct request *request)
{
	const struct facets *facets = request->state;
	struct db_call call = { .sql = hosts_sql, .done = on_hosts };

	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	db_add_int(request, &call, facets->limit);
	db_run(request, &call);
}

/* false: answered with 422 */
static bool read_fields(struct request *request, struct facets *facets)
{
	struct slice rest = query_get(&request->query, "fields");

	while (rest.len > 0) {
		const char *comma = memchr(rest.ptr, ',', rest.len);
		struct slice word = slice_head(
			rest, comma == NULL ? rest.len : (size_t)(comma - rest.ptr));
		unsigned bit = 0;

		rest = slice_from(rest, word.len + 1);
		for (size_t i = 0; i < ARRAY_LEN(facet_names); i++) {
			if (slice_equal(word, slice_str(facet_names[i].name)))
				bit = facet_names[i].bit;
		}
		if (bit == 0) {
			request_problem_field(request, "fields",
					      "fields are some of level, service, host "
					      "and group, separated by commas.");
			return false;
		}
		facets->wanted |= bit;
	}
	if (facets->wanted == 0)
		facets->wanted = FACET_ALL;
	return true;
}

static void count_anew(struct request *request)
{
	const struct query_int want = { "limit", 1, VALUES_MAX };
	struct facets *facets = request_alloc(request, sizeof(*facets));
	struct event_filter filter = { 0 };
	struct error error = { 0 };

	*facets = (struct facets){ .limit = VALUES_DEFAULT };
	request->state = facets;
	if (query_read_int(&request->query, &want, &facets->limit, &error) < 0) {
		request_problem_field(request, "limit", "%s.", error.text);
		return;
	}
	if (!read_fields(request, facets) || !event_routes_filter(request, &filter))
		return;
	if ((facets->wanted & FACET_HOST) != 0 && wants_all(&filter))
		count_hosts(request);
	else if (counts_need_blocks(&filter) || (facets->wanted & FACET_HOST) != 0)
		count_blocks(request, &filter);
	else
		count_rows(request, &filter);
	event_filter_deinit(&filter);
}

void event_facets(struct request *request)
{
	kept_answers_ask(request, count_anew);
}
