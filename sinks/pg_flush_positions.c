/* pg_flush_positions.c - the guard of a flush, its numbers, and the ledger */
#include "sinks/pg_flush_positions.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "sinks/pg_flush_counts.h"

/* longer names would not fit an index row */
#define NAME_BYTES_MAX 512
#define DETAIL_BYTES_MAX 16384

static int compare_streams(const struct batch_stream *a, const struct batch_stream *b)
{
	int order = strcmp(a->info->host_id, b->info->host_id);

	if (order == 0)
		order = strcmp(a->info->source, b->info->source);
	return order != 0 ? order : strcmp(a->info->stream, b->info->stream);
}

struct stream_place {
	const struct batch_stream *stream;
};

static int compare_places(const void *a, const void *b)
{
	const struct stream_place *x = a;
	const struct stream_place *y = b;

	return compare_streams(x->stream, y->stream);
}

/* ascending by key, so that all flushes lock in one order; the caller frees */
static struct stream_place *sorted_streams(const struct batch *batch)
{
	struct stream_place *sorted = mem_calloc(batch->streams_count, sizeof(*sorted));

	for (size_t i = 0; i < batch->streams_count; i++)
		sorted[i].stream = &batch->streams[i];
	if (batch->streams_count > 1)
		qsort(sorted, batch->streams_count, sizeof(*sorted), compare_places);
	return sorted;
}

static void add_stream_key(struct flush_sender *sender,
			   const struct batch_stream *stream)
{
	pg_array_text(&sender->arrays[0], slice_str(stream->info->host_id),
		      NAME_BYTES_MAX);
	pg_array_text(&sender->arrays[1], slice_str(stream->info->source),
		      NAME_BYTES_MAX);
	pg_array_text(&sender->arrays[2], slice_str(stream->info->stream),
		      NAME_BYTES_MAX);
}

static void send_move_positions(struct flush_sender *sender,
				const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_TEXT, PG_TEXT, PG_TEXT,
					      PG_BOOL, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_TEXT };
	struct stream_place *streams = sorted_streams(plan->batch);

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->batch->streams_count; i++) {
		const struct batch_stream *stream = streams[i].stream;
		const char *detail = stream->info->detail;

		if (plan->plain || detail[0] == '\0')
			detail = "{}";
		add_stream_key(sender, stream);
		pg_array_bool(&sender->arrays[3], stream->is_new);
		pg_array_int8(&sender->arrays[4], stream->from.offset);
		pg_array_int8(&sender->arrays[5], stream->from.inner);
		pg_array_int8(&sender->arrays[6], stream->to.offset);
		pg_array_int8(&sender->arrays[7], stream->to.inner);
		pg_array_text(&sender->arrays[8], slice_str(detail), DETAIL_BYTES_MAX);
	}
	mem_free(streams);
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_MOVE_POSITIONS, SIZE_MAX);
}

static void send_projects(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8 };

	flush_arrays_begin(sender, types, 1);
	flush_add_projects(sender, plan);
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_LOCK_PROJECTS, SIZE_MAX);

	flush_arrays_begin(sender, types, 2);
	for (size_t i = 0; i < plan->projects_count; i++) {
		pg_array_int8(&sender->arrays[0], plan->projects[i].id);
		pg_array_uint8(&sender->arrays[1], plan->projects[i].events);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_TAKE_SEQ, SIZE_MAX);
}

static void send_ingestions(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8 };

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->ingestions_count; i++) {
		const struct flush_ingestion *ingestion = &plan->ingestions[i];

		pg_array_int8(&sender->arrays[0], ingestion->project_id);
		pg_array_int8(&sender->arrays[1], ingestion->id);
		pg_array_uint8(&sender->arrays[2], ingestion->events);
		pg_array_uint8(&sender->arrays[3], ingestion->bytes);
		pg_array_uint8(&sender->arrays[4], ingestion->without_timestamp);
		pg_array_int8(&sender->arrays[5], ingestion->timestamp_min_us);
		pg_array_int8(&sender->arrays[6], ingestion->timestamp_max_us);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_INGESTIONS, SIZE_MAX);
}

void flush_send_guard(struct flush_sender *sender, const struct flush_plan *plan)
{
	send_move_positions(sender, plan);
	send_projects(sender, plan);
	send_ingestions(sender, plan);
	if (PQsendFlushRequest(pg_conn_pq(sender->conn)) != 1)
		sender->broken = true;
}

static uint64_t take(uint64_t *left, uint64_t most)
{
	uint64_t taken = *left < most ? *left : most;

	*left -= taken;
	return taken;
}

static void write_reason(struct json_out *json, const char *reason, uint64_t sum)
{
	if (sum > 0)
		json_key_uint(json, reason, sum);
}

/* a JSON object of the sums that are not 0 */
static void write_reasons(struct buf *out, const uint64_t dropped[DROP_REASONS],
			  uint64_t gap, uint64_t deleted)
{
	struct json_out json = json_out_init(out);

	buf_clear(out);
	json_object_begin(&json);
	write_reason(&json, "gap", gap);
	write_reason(&json, "deleted", deleted);
	for (unsigned i = 0; i < DROP_DUPLICATE; i++)
		write_reason(&json, drop_reason_name((enum drop_reason)i), dropped[i]);
	json_object_end(&json);
}

struct ledger_row {
	const struct batch_stream *stream;
	const struct batch_sums *sums;
	bool deleted; /* the ingestion is gone, and what was for it is not stored */
};

/* A block does not say which stream its events came from: what was quarantined is taken
 * off the rows in order. For each source, and so for the sum, it is exact when the
 * batch has one source. */
static void add_ledger_row(struct flush_sender *sender, const struct ledger_row *row,
			   struct flush_loss *loss, struct buf *reasons)
{
	struct pg_array *arrays = sender->arrays;
	const struct batch_sums *sums = row->sums;
	uint64_t d_bytes = row->deleted ? sums->stored_bytes : 0;
	uint64_t d_records = row->deleted ? sums->stored_records : 0;
	uint64_t q_bytes = take(&loss->quarantined_bytes, sums->stored_bytes - d_bytes);
	uint64_t q_records =
		take(&loss->quarantined_records, sums->stored_records - d_records);

	add_stream_key(sender, row->stream);
	pg_array_int8(&arrays[3], sums->ingestion_id);
	pg_array_uint8(&arrays[4], sums->received_bytes);
	pg_array_uint8(&arrays[5], sums->stored_bytes - q_bytes - d_bytes);
	pg_array_uint8(&arrays[6], sums->stored_records - q_records - d_records);
	pg_array_uint8(&arrays[7], sums->dropped.bytes[DROP_DUPLICATE]);
	pg_array_uint8(&arrays[8], sums->dropped.records[DROP_DUPLICATE]);
	pg_array_uint8(&arrays[9], q_bytes);
	pg_array_uint8(&arrays[10], q_records);
	write_reasons(reasons, sums->dropped.bytes, sums->skipped_bytes, d_bytes);
	pg_array_text(&arrays[11], buf_slice(reasons), DETAIL_BYTES_MAX);
	write_reasons(reasons, sums->dropped.records, 0, d_records);
	pg_array_text(&arrays[12], buf_slice(reasons), DETAIL_BYTES_MAX);
}

void flush_send_ledger(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_TEXT, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_TEXT,
					      PG_TEXT };
	struct stream_place *streams = sorted_streams(plan->batch);
	struct buf reasons = { 0 };
	struct flush_loss loss = { 0 };

	flush_plan_loss(plan, &loss);
	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->batch->streams_count; i++) {
		const struct batch_stream *stream = streams[i].stream;

		for (size_t k = 0; k < stream->sums_count; k++) {
			const struct batch_sums *sums = &stream->sums[k];
			struct ledger_row row = { .stream = stream, .sums = sums };

			row.deleted = sums->stored_records > 0 &&
				      !flush_plan_has_ingestion(plan, sums->project_id,
								sums->ingestion_id);
			add_ledger_row(sender, &row, &loss, &reasons);
		}
	}
	buf_deinit(&reasons);
	mem_free(streams);
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_LEDGER, SIZE_MAX);
}

void flush_send_read_positions(struct flush_sender *sender,
			       const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_TEXT, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8 };

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->batch->streams_count; i++) {
		const struct batch_stream *stream = &plan->batch->streams[i];

		add_stream_key(sender, stream);
		pg_array_int8(&sender->arrays[3], stream->to.offset);
		pg_array_int8(&sender->arrays[4], stream->to.inner);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_READ_POSITIONS, SIZE_MAX);
}
