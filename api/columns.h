/* columns.h - from SQL columns to JSON fields, by table
 *
 * Threads: any; pure. Owner: nothing is kept.
 */
#ifndef SIFTD_API_COLUMNS_H
#define SIFTD_API_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/json_out.h"
#include "sinks/pg_pool.h"

/* microseconds since the epoch, of a timestamptz column */
#define SQL_TIME_US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"
/* the public name of a severity number; NULL for none */
#define SQL_LEVEL(column)                                                              \
	"(ARRAY['TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'ERROR', 'CRITICAL'])"     \
	"[" column "]"

enum column_type {
	COLUMN_SKIP,
	COLUMN_INT,
	COLUMN_TEXT,
	COLUMN_BOOL,
	COLUMN_TIME,    /* bigint microseconds; written as RFC 3339 */
	COLUMN_HEX64,   /* bigint with the bits of a hash; written as 16 hex digits */
	COLUMN_NUMBER,  /* a decimal number, as PostgreSQL writes it */
	COLUMN_JSON,    /* JSON text */
	COLUMN_BYTES,   /* bytea; written as text, what is not UTF-8 as U+FFFD */
	COLUMN_SEVERITY /* of a finding: 0 LOW .. 3 CRIT */
};

struct column {
	const char *key;
	enum column_type type;
};

/* SQL NULL becomes null, for every type. Column i of the row is columns[i]. */
void columns_write(struct json_out *out, const struct pg_rows *rows, size_t row,
		   const struct column *columns, size_t count);
/* "2026-11-22T21:00:00.000000Z" */
void columns_write_time(struct json_out *out, int64_t time_us);
/* a bytea in PostgreSQL's text form (\x...); ptr NULL gives null, as for all these */
void columns_write_bytes(struct json_out *out, struct slice hex);
void columns_write_json(struct json_out *out, struct slice json);
/* "LOW" .. "CRIT" */
const char *columns_severity(int64_t number);

#endif
