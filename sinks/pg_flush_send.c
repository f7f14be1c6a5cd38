/* pg_flush_send.c - the guard, blocks, templates, counts and ledger of a flush */
#include "sinks/pg_flush_send.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

#define US_PER_DAY INT64_C(86400000000)
/* longer names would not fit an index row */
#define NAME_BYTES_MAX 512
#define SERVICE_BYTES_MAX 256
#define TEXT_BYTES_MAX 16384
#define SAMPLE_BYTES_MAX 4096
/* of a block that is kept in quarantine */
#define QUARANTINE_BYTES_MAX ((size_t)16 * 1024 * 1024)

void flush_sender_init(struct flush_sender *sender, struct pg_conn *conn)
{
	*sender = (struct flush_sender){ .conn = conn };
	for (size_t i = 0; i < FLUSH_PARAMS_MAX; i++)
		sender->formats[i] = 1;
}

void flush_sender_deinit(struct flush_sender *sender)
{
	for (size_t i = 0; i < FLUSH_PARAMS_MAX; i++)
		pg_array_deinit(&sender->arrays[i]);
	mem_free(sender->units);
	*sender = (struct flush_sender){ 0 };
}

void flush_sender_begin(struct flush_sender *sender)
{
	sender->units_count = 0;
	sender->params = 0;
	sender->broken = false;
}

static void note_unit(struct flush_sender *sender, enum flush_statement statement,
		      size_t range, int sent)
{
	if (sent != 1) {
		sender->broken = true;
		return;
	}
	mem_grow(&sender->units, &sender->units_capacity, sender->units_count,
		 sizeof(*sender->units));
	sender->units[sender->units_count++] =
		(struct flush_unit){ .statement = statement, .range = range };
	pg_conn_sent(sender->conn, 1, 0);
}

void flush_send_prepares(struct flush_sender *sender)
{
	for (size_t i = 0; i < FLUSH_STATEMENTS; i++)
		note_unit(sender, (enum flush_statement)i, SIZE_MAX,
			  PQsendPrepare(pg_conn_pq(sender->conn), flush_sql[i].name,
					flush_sql[i].sql, 0, NULL));
}

void flush_param_add(struct flush_sender *sender, struct slice value)
{
	sender->values[sender->params] = value.ptr;
	sender->lengths[sender->params] = (int)value.len;
	sender->params++;
}

void flush_arrays_begin(struct flush_sender *sender, const enum pg_type *types,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		pg_array_begin(&sender->arrays[i], types[i]);
	sender->params = count;
}

void flush_arrays_end(struct flush_sender *sender)
{
	size_t count = sender->params;

	sender->params = 0;
	for (size_t i = 0; i < count; i++)
		flush_param_add(sender, pg_array_end(&sender->arrays[i]));
}

void flush_unit_send(struct flush_sender *sender, enum flush_statement statement,
		     size_t range)
{
	note_unit(sender, statement, range,
		  PQsendQueryPrepared(pg_conn_pq(sender->conn),
				      flush_sql[statement].name, (int)sender->params,
				      sender->values, sender->lengths, sender->formats,
				      0));
	sender->params = 0;
}

void flush_send_sync(struct flush_sender *sender)
{
	if (PQpipelineSync(pg_conn_pq(sender->conn)) != 1)
		sender->broken = true;
	else
		pg_conn_sent(sender->conn, 0, 1);
}

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
		pg_array_text(&sender->arrays[8], slice_str(detail), TEXT_BYTES_MAX);
	}
	mem_free(streams);
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_MOVE_POSITIONS, SIZE_MAX);
}

static void send_projects(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8 };

	flush_arrays_begin(sender, types, 1);
	for (size_t i = 0; i < plan->projects_count; i++)
		pg_array_int8(&sender->arrays[0], plan->projects[i].id);
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

static void send_learned(struct flush_sender *sender, const struct flush_plan *plan,
			 size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT2,  PG_INT8,
					      PG_INT8, PG_BOOL,  PG_BYTEA,
					      PG_TEXT, PG_BYTEA, PG_TEXT };
	const struct flush_range *range = &plan->ranges[at];
	const struct batch_learned *learned = &plan->batch->learned[range->list];
	struct pg_array *arrays = sender->arrays;
	char project[8];

	if (!flush_plan_has_project(plan, learned->project_id))
		return;
	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct learner_event *event = &learned->events[i];

		pg_array_int2(&arrays[1], event->type == LEARNER_MERGE);
		pg_array_uint8(&arrays[2], event->key);
		pg_array_uint8(&arrays[3], event->root);
		pg_array_bool(&arrays[4], event->generalised);
		pg_array_bytes(&arrays[5], event->tokens);
		pg_array_text(&arrays[6], event->text, TEXT_BYTES_MAX);
		pg_array_bytes(&arrays[7], slice_head(event->sample, SAMPLE_BYTES_MAX));
		pg_array_text(&arrays[8], event->reason, NAME_BYTES_MAX);
	}
	flush_arrays_end(sender);
	/* the first parameter is one value */
	sender->values[0] = pg_int8(project, learned->project_id).ptr;
	sender->lengths[0] = sizeof(project);
	flush_unit_send(sender, FLUSH_LEARN, at);
}

/* rounds down, also before 1970 */
static int32_t day_of(int64_t us)
{
	return (int32_t)(us >= 0 ? us / US_PER_DAY
				 : -((-us + US_PER_DAY - 1) / US_PER_DAY));
}

int32_t flush_block_day(const struct batch_block *block)
{
	return day_of(block->received_us);
}

static void send_block(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t at)
{
	size_t index = plan->ranges[at].first;
	const struct batch_block *block = &plan->batch->blocks[index];
	const struct block_encoded *encoded = &block->encoded;
	char places[9][8];

	if (!flush_plan_has_block(plan, index))
		return;
	pg_array_begin(&sender->arrays[0], PG_INT4);
	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		pg_array_int4(&sender->arrays[0], (int32_t)encoded->severities[i]);
	pg_array_begin(&sender->arrays[1], PG_INT8);
	for (size_t i = 0; i < encoded->template_keys_count; i++)
		pg_array_uint8(&sender->arrays[1], encoded->template_keys[i]);
	flush_param_add(sender, pg_int8(places[0], block->project_id));
	flush_param_add(sender, pg_int8(places[1], block->ingestion_id));
	flush_param_add(sender, pg_int8(places[2], plan->blocks[index].first_seq));
	flush_param_add(sender, pg_int4(places[3], (int32_t)encoded->count));
	flush_param_add(sender, pg_int4(places[4], flush_block_day(block)));
	flush_param_add(sender, pg_int8(places[5], encoded->timestamp_min_us));
	flush_param_add(sender, pg_int8(places[6], encoded->timestamp_max_us));
	flush_param_add(sender,
			pg_int4(places[7], (int32_t)encoded->without_timestamp));
	flush_param_add(sender, pg_int8(places[8], (int64_t)encoded->raw_bytes));
	flush_param_add(sender, pg_array_end(&sender->arrays[0]));
	flush_param_add(sender, pg_array_end(&sender->arrays[1]));
	flush_param_add(sender, buf_slice(&encoded->meta));
	flush_param_add(sender, buf_slice(&encoded->body));
	flush_param_add(sender, buf_slice(&encoded->words));
	flush_unit_send(sender, FLUSH_BLOCK, at);
}

static int32_t minute_of(int64_t minute)
{
	if (minute > INT32_MAX)
		return INT32_MAX;
	return minute < INT32_MIN ? INT32_MIN : (int32_t)minute;
}

static void send_counts(struct flush_sender *sender, const struct flush_plan *plan,
			size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT4, PG_INT8,
					      PG_INT2, PG_TEXT, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_count *count = &plan->batch->counts[i];

		if (!flush_plan_has_ingestion(plan, count->project_id,
					      count->ingestion_id))
			continue;
		pg_array_int8(&arrays[0], count->project_id);
		pg_array_int8(&arrays[1], count->ingestion_id);
		pg_array_int4(&arrays[2], minute_of(count->minute));
		pg_array_uint8(&arrays[3], count->template_key);
		pg_array_int2(&arrays[4], (int)count->severity);
		pg_array_text(&arrays[5], count->service_name, SERVICE_BYTES_MAX);
		pg_array_uint8(&arrays[6], count->count);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_COUNTS, at);
}

static void send_regressed(struct flush_sender *sender, const struct flush_plan *plan,
			   size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		pg_array_int8(&sender->arrays[0], plan->batch->groups[i].project_id);
		pg_array_uint8(&sender->arrays[1], plan->batch->groups[i].template_key);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_REGRESSED, at);
}

static void send_groups(struct flush_sender *sender, const struct flush_plan *plan,
			size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_BYTEA };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_group *group = &plan->batch->groups[i];

		if (!flush_plan_has_ingestion(plan, group->project_id,
					      group->ingestion_id))
			continue;
		pg_array_int8(&arrays[0], group->project_id);
		pg_array_int8(&arrays[1], group->ingestion_id);
		pg_array_uint8(&arrays[2], group->template_key);
		pg_array_uint8(&arrays[3], group->count);
		pg_array_int8(&arrays[4], group->first_us);
		pg_array_int8(&arrays[5], group->last_us);
		pg_array_int8(&arrays[6], flush_plan_seq(plan, group->latest_block,
							 group->latest_row));
		pg_array_bytes(&arrays[7],
			       slice_head(group->latest_raw, SAMPLE_BYTES_MAX));
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_GROUPS, at);
	send_regressed(sender, plan, at);
}

static uint64_t take(uint64_t *left, uint64_t most)
{
	uint64_t taken = *left < most ? *left : most;

	*left -= taken;
	return taken;
}

/* A block does not say which stream its events came from: what was not stored is taken
 * off the streams in order. For each source, and so for the sum, it is exact when the
 * batch has one source. */
static void send_ledger(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_TEXT, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8 };
	struct stream_place *streams = sorted_streams(plan->batch);
	struct pg_array *arrays = sender->arrays;
	struct flush_loss loss = { 0 };

	flush_plan_loss(plan, &loss);
	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->batch->streams_count; i++) {
		const struct batch_stream *stream = streams[i].stream;
		uint64_t bytes = stream->stored_bytes;
		uint64_t records = stream->stored_records;
		uint64_t q_bytes = take(&loss.quarantined_bytes, bytes);
		uint64_t q_records = take(&loss.quarantined_records, records);
		uint64_t d_bytes = take(&loss.deleted_bytes, bytes - q_bytes);
		uint64_t d_records = take(&loss.deleted_records, records - q_records);

		add_stream_key(sender, stream);
		pg_array_uint8(&arrays[3], stream->received_bytes);
		pg_array_uint8(&arrays[4], bytes - q_bytes - d_bytes);
		pg_array_uint8(&arrays[5], records - q_records - d_records);
		pg_array_uint8(&arrays[6], q_bytes);
		pg_array_uint8(&arrays[7], q_records);
		pg_array_uint8(&arrays[8], stream->skipped_bytes);
		pg_array_uint8(&arrays[9], d_bytes);
		pg_array_uint8(&arrays[10], d_records);
	}
	mem_free(streams);
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_LEDGER, SIZE_MAX);
}

static const char *const part_names[] = {
	[FLUSH_PART_LEARNED] = "template", [FLUSH_PART_BLOCKS] = "block",
	[FLUSH_PART_COUNTS] = "counts",    [FLUSH_PART_GROUPS] = "totals",
	[FLUSH_PART_FINDINGS] = "finding", [FLUSH_PART_WINDOWS] = "window"
};

static void send_quarantined(struct flush_sender *sender, const struct flush_plan *plan,
			     size_t at)
{
	const struct flush_range *range = &plan->ranges[at];
	const struct batch_block *block = NULL;
	struct slice none = { NULL, 0 };
	bool with_bytes = false;
	char places[4][8];
	char rows[4];

	if (range->part == FLUSH_PART_BLOCKS)
		block = &plan->batch->blocks[range->first];
	with_bytes = block != NULL && !plan->plain &&
		     block->encoded.body.len <= QUARANTINE_BYTES_MAX;
	flush_param_add(sender,
			block == NULL ? none : pg_int8(places[0], block->project_id));
	flush_param_add(sender,
			block == NULL ? none : pg_int8(places[1], block->ingestion_id));
	flush_param_add(sender, slice_str(part_names[range->part]));
	flush_param_add(sender, slice_str(range->sqlstate));
	flush_param_add(sender, slice_str(range->reason));
	flush_param_add(sender,
			pg_int8(places[2], block == NULL ? 0 : block->encoded.count));
	flush_param_add(sender,
			pg_int8(places[3],
				block == NULL ? 0 : (int64_t)block->encoded.raw_bytes));
	flush_param_add(sender, with_bytes ? buf_slice(&block->encoded.meta) : none);
	flush_param_add(sender, with_bytes ? buf_slice(&block->encoded.body) : none);
	flush_unit_send(sender, FLUSH_QUARANTINE, SIZE_MAX);
	flush_param_add(sender, pg_int4(rows, FLUSH_QUARANTINE_ROWS));
	flush_unit_send(sender, FLUSH_TRIM_QUARANTINE, SIZE_MAX);
}

static void send_range(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t at)
{
	switch (plan->ranges[at].part) {
	case FLUSH_PART_LEARNED:
		send_learned(sender, plan, at);
		break;
	case FLUSH_PART_BLOCKS:
		send_block(sender, plan, at);
		break;
	case FLUSH_PART_COUNTS:
		send_counts(sender, plan, at);
		break;
	case FLUSH_PART_GROUPS:
		send_groups(sender, plan, at);
		break;
	case FLUSH_PART_FINDINGS:
		flush_send_findings(sender, plan, at);
		break;
	case FLUSH_PART_WINDOWS:
		flush_send_windows(sender, plan, at);
		break;
	}
}

void flush_send_rest(struct flush_sender *sender, const struct flush_plan *plan)
{
	for (size_t i = 0; i < plan->ranges_count; i++)
		if (plan->ranges[i].excluded)
			send_quarantined(sender, plan, i);
		else
			send_range(sender, plan, i);
	send_ledger(sender, plan);
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

void flush_send_make_day(struct flush_sender *sender, int32_t day)
{
	char place[4];

	flush_param_add(sender, pg_int4(place, day));
	flush_unit_send(sender, FLUSH_MAKE_DAY, SIZE_MAX);
}
