/* pg_flush_sender.c - handing statements to libpq */
#include "sinks/pg_flush_sender.h"

#include "base/crash_point.h"
#include "base/mem.h"

void flush_sender_init(struct flush_sender *sender, struct pg_conn *conn)
{
	*sender = (struct flush_sender){
		.conn = conn,
		.limits = { .episodes_max = 1000,
			    .tell_age_us = INT64_C(86400) * 1000000,
			    .outbox_max = 1000 },
	};
	for (size_t i = 0; i < FLUSH_PARAMS_MAX; i++)
		sender->formats[i] = 1;
}

void flush_sender_deinit(struct flush_sender *sender)
{
	for (size_t i = 0; i < FLUSH_PARAMS_MAX; i++)
		pg_array_deinit(&sender->arrays[i]);
	buf_deinit(&sender->text);
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
	crash_point("flush.sent");
	if (PQpipelineSync(pg_conn_pq(sender->conn)) != 1)
		sender->broken = true;
	else
		pg_conn_sent(sender->conn, 0, 1);
	crash_point("flush.synced");
}
