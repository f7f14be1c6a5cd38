/* sources.c - counters of the running sources beside the sums of the database */
#include "api/sources.h"

#include <stdatomic.h>

#include "api/context.h"
#include "api/db.h"
#include "api/source_rates.h"
#include "base/clock.h"
#include "sources/http_tally.h"
#include "sources/port.h"

#define MINUTE_S 60

/* $1 user; $2 ingestions, $3 names, $4 hosts of the sources, $5 how many positions.
 * What came by HTTP has no name: the ingestions of a project that pushes made are one
 * source, those of uploads and pastes another */
/* clang-format off */
static const char sources_sql[] =
	"WITH mine AS MATERIALIZED (SELECT p.id, p.name FROM siftd.projects AS p"
	"  JOIN siftd.memberships AS m ON m.organisation_id = p.organisation_id AND m.user_id = $1),"
	" listed AS (SELECT n.ord - 1 AS ord, i.project_id, NULL AS way, n.name, n.host,"
	"   ARRAY[i.id] AS ingestions"
	"  FROM unnest($2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY"
	"   AS n(ingestion, name, host, ord) JOIN siftd.ingestions AS i ON i.id = n.ingestion"
	"  UNION ALL SELECT NULL, project_id,"
	"   CASE source_type WHEN 'push' THEN 'push' ELSE 'upload' END, NULL, NULL, array_agg(id)"
	"  FROM siftd.ingestions WHERE source_type IN ('push', 'upload', 'paste')"
	"   AND project_id IN (SELECT id FROM mine) GROUP BY 2, 3)"
	" SELECT n.ord, n.way, mine.id, mine.name,"
	" (SELECT json_build_object("
	"   'received_bytes', coalesce(sum(l.received_bytes), 0),"
	"   'stored_bytes', coalesce(sum(l.stored_bytes), 0),"
	"   'stored_records', coalesce(sum(l.stored_records), 0),"
	"   'deduplicated_bytes', coalesce(sum(l.deduplicated_bytes), 0),"
	"   'deduplicated_records', coalesce(sum(l.deduplicated_records), 0),"
	"   'quarantined_bytes', coalesce(sum(l.quarantined_bytes), 0),"
	"   'quarantined_records', coalesce(sum(l.quarantined_records), 0),"
	"   'dropped_bytes', coalesce(siftd.sum_reasons(l.dropped_bytes), '{}'),"
	"   'dropped_records', coalesce(siftd.sum_reasons(l.dropped_records), '{}'),"
	"   'closed', coalesce(sum(l.received_bytes - l.stored_bytes - l.deduplicated_bytes"
	"     - l.quarantined_bytes - siftd.sum_of(l.dropped_bytes)), 0) = 0,"
	"   'committed_at', to_char(max(l.updated_at) AT TIME ZONE 'UTC',"
	"     'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))"
	"  FROM siftd.ledger AS l WHERE l.ingestion_id = ANY (n.ingestions))::text,"
	" (SELECT coalesce(json_agg(s), '[]') FROM (SELECT q.stream, q.position_offset AS"
	"   \"offset\", q.position_inner AS \"inner\", q.detail ->> 'path' AS path"
	"   FROM siftd.source_positions AS q WHERE q.host_id = n.host AND q.source = n.name"
	"   ORDER BY q.updated_at DESC LIMIT $5) AS s)::text"
	" FROM listed AS n JOIN mine ON mine.id = n.project_id"
	" ORDER BY n.ord NULLS LAST, mine.id, n.way";
/* clang-format on */

enum sources_column {
	COLUMN_ORD,
	COLUMN_WAY,
	COLUMN_PROJECT_ID,
	COLUMN_PROJECT,
	COLUMN_LEDGER,
	COLUMN_POSITIONS
};

static const char *state_of(const struct source_rate *rate)
{
	if (rate->recent_errors > 0)
		return "failing";
	return rate->received_bytes > 0 ? "receiving" : "idle";
}

static void write_counters(struct json_out *out, const struct source *source)
{
	const struct source_stats *stats = &source->stats;
	const struct {
		const char *key;
		uint64_t value;
	} values[] = {
		{ "received_bytes", atomic_load(&stats->received_bytes) },
		{ "received_frames", atomic_load(&stats->received_frames) },
		{ "errors", atomic_load(&stats->errors) },
		{ "skipped_bytes", atomic_load(&stats->skipped_bytes) },
		{ "truncated_frames", atomic_load(&stats->truncated_frames) },
		{ "dropped_frames", atomic_load(&stats->dropped_frames) },
		{ "open_streams", atomic_load(&stats->open_streams) },
		{ "timed_out_streams", atomic_load(&stats->timed_out_streams) },
		{ "canaries", atomic_load(&stats->canaries) },
		{ "waiting_files", atomic_load(&stats->waiting_files) },
		{ "unwatched_files", atomic_load(&stats->unwatched_files) },
	};

	json_key(out, "counters");
	json_object_begin(out);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		json_key_uint(out, values[i].key, values[i].value);
	json_object_end(out);
}

static void write_rates(struct json_out *out, const struct source *source,
			const struct source_rate *rate)
{
	json_key(out, "rates");
	json_object_begin(out);
	json_key(out, "received_bytes_per_s");
	json_double(out, rate->received_bytes, 1);
	json_key(out, "stored_records_per_s");
	json_double(out, rate->stored_records, 1);
	json_object_end(out);
	json_key(out, "lag");
	json_object_begin(out);
	json_key_uint(out, "bytes", atomic_load(&source->stats.lag_bytes));
	json_key_uint(out, "frames", atomic_load(&source->stats.lag_frames));
	json_object_end(out);
}

static void write_latency(struct json_out *out, const struct source_stats *stats)
{
	uint64_t count = source_latency_count(stats);
	uint64_t sum_us = atomic_load(&stats->latency_sum_us);

	json_key(out, "latency");
	json_object_begin(out);
	json_key_uint(out, "batches", count);
	json_key(out, "last_s");
	json_double(out, (double)atomic_load(&stats->latency_us) / 1e6, 3);
	json_key(out, "mean_s");
	json_double(out, count == 0 ? 0 : (double)sum_us / 1e6 / (double)count, 3);
	json_object_end(out);
}

static void write_project(struct json_out *out, const struct pg_rows *rows, size_t row)
{
	json_key_int(out, "project_id", pg_rows_int(rows, row, COLUMN_PROJECT_ID));
	json_key_string(out, "project", pg_rows_slice(rows, row, COLUMN_PROJECT));
}

static void write_source(struct request *request, struct json_out *out,
			 const struct pg_rows *rows, size_t row)
{
	size_t index = (size_t)pg_rows_int(rows, row, COLUMN_ORD);
	const struct source *source = request->api->deps.sources[index];
	struct source_rate rate = source_rates_of(request->api->source_rates, index);

	json_key_string(out, "name", slice_str(source->name));
	json_key_string(out, "type", slice_str(source->ops->type));
	json_key_string(out, "state", slice_str(state_of(&rate)));
	write_project(out, rows, row);
	json_key_int(out, "ingestion_id", source->ingestion_id);
	write_counters(out, source);
	write_rates(out, source, &rate);
	write_latency(out, &source->stats);
}

static void write_counts(struct json_out *out, const struct http_counts *counts)
{
	json_key(out, "counters");
	json_object_begin(out);
	json_key_uint(out, "received_bytes", counts->total.received_bytes);
	json_key_uint(out, "received_frames", counts->total.received_records);
	json_key_uint(out, "errors", counts->total.errors);
	json_object_end(out);
	json_key(out, "rates");
	json_object_begin(out);
	json_key(out, "received_bytes_per_s");
	json_double(out, (double)counts->minute.received_bytes / MINUTE_S, 1);
	json_key(out, "stored_records_per_s");
	json_double(out, (double)counts->minute.stored_records / MINUTE_S, 1);
	json_object_end(out);
	/* what was accepted is in the spool, whose lag is of all that feed it */
	json_key(out, "lag");
	json_object_begin(out);
	json_object_end(out);
}

/* what came by HTTP for one project */
static void write_way(struct request *request, struct json_out *out,
		      const struct pg_rows *rows, size_t row)
{
	struct slice name = pg_rows_slice(rows, row, COLUMN_WAY);
	enum http_way way = slice_equal(name, slice_str(http_way_name(HTTP_WAY_PUSH)))
				    ? HTTP_WAY_PUSH
				    : HTTP_WAY_UPLOAD;
	const struct http_counts counts = http_tally_read(
		request->api->deps.tally, pg_rows_int(rows, row, COLUMN_PROJECT_ID),
		way, clock_monotonic_us());
	const struct source_rate rate = {
		.received_bytes = (double)counts.minute.received_bytes,
		.recent_errors = counts.minute.errors,
	};

	json_key_string(out, "name", name);
	json_key_string(out, "type", name);
	json_key_string(out, "state", slice_str(state_of(&rate)));
	write_project(out, rows, row);
	json_key(out, "ingestion_id");
	json_out_null(out);
	write_counts(out, &counts);
}

static void write_row(struct request *request, struct json_out *out,
		      const struct pg_rows *rows, size_t row)
{
	json_object_begin(out);
	if (pg_rows_slice(rows, row, COLUMN_ORD).ptr != NULL)
		write_source(request, out, rows, row);
	else
		write_way(request, out, rows, row);
	json_key(out, "ledger");
	json_raw(out, pg_rows_slice(rows, row, COLUMN_LEDGER));
	json_key(out, "positions");
	json_raw(out, pg_rows_slice(rows, row, COLUMN_POSITIONS));
	json_object_end(out);
}

static void on_rows(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key(&out, "items");
	json_array_begin(&out);
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		write_row(request, &out, rows, i);
	json_array_end(&out);
	json_object_end(&out);
	request_reply_json(request, 200);
}

/* arrays as PostgreSQL reads them; names hold nothing that needs an escape */
struct arrays {
	struct buf ingestions;
	struct buf names;
	struct buf hosts;
};

static void add_source(struct arrays *arrays, const struct source *source)
{
	const char *comma = arrays->names.len > 1 ? "," : "";

	buf_printf(&arrays->ingestions, "%s%lld", comma,
		   (long long)source->ingestion_id);
	buf_printf(&arrays->names, "%s\"%s\"", comma, source->name);
	buf_printf(&arrays->hosts, "%s\"%s\"", comma, source->host_id);
}

static struct slice end_array(struct request *request, struct buf *buf)
{
	char *copy = NULL;
	size_t len = 0;

	buf_append_char(buf, '}');
	len = buf->len;
	copy = request_alloc(request, len);
	memcpy(copy, buf->data, len);
	buf_deinit(buf);
	return slice_of(copy, len);
}

void sources_list(struct request *request)
{
	struct db_call call = { .sql = sources_sql, .done = on_rows };
	const struct api_deps *deps = &request->api->deps;
	struct arrays arrays = { 0 };

	buf_append_char(&arrays.ingestions, '{');
	buf_append_char(&arrays.names, '{');
	buf_append_char(&arrays.hosts, '{');
	/* those without an ingestion keep their place, and match no row */
	for (size_t i = 0; i < deps->sources_count; i++)
		add_source(&arrays, deps->sources[i]);
	db_add_int(request, &call, request->caller.user_id);
	db_add_text(&call, end_array(request, &arrays.ingestions));
	db_add_text(&call, end_array(request, &arrays.names));
	db_add_text(&call, end_array(request, &arrays.hosts));
	db_add_int(request, &call, SOURCES_POSITIONS_MAX);
	db_run(request, &call);
}
