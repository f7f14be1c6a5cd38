/* pg_rows.c - reading a PGresult under another name, so that libpq's types stay here */
#include "sinks/pg_rows.h"

#include <libpq-fe.h>
#include <stdlib.h>

/* libpq's readers take a pointer that is not const, though they change nothing */
static PGresult *result_of(const struct pg_rows *rows)
{
	union {
		const struct pg_rows *rows;
		PGresult *result;
	} cast = { .rows = rows };

	return cast.result;
}

size_t pg_rows_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(result_of(rows));
}

size_t pg_rows_affected(const struct pg_rows *rows)
{
	return (size_t)strtoull(PQcmdTuples(result_of(rows)), NULL, 10);
}

struct slice pg_rows_slice(const struct pg_rows *rows, size_t row, size_t column)
{
	PGresult *result = result_of(rows);

	if (PQgetisnull(result, (int)row, (int)column))
		return (struct slice){ NULL, 0 };
	return slice_of(PQgetvalue(result, (int)row, (int)column),
			(size_t)PQgetlength(result, (int)row, (int)column));
}

int64_t pg_rows_int(const struct pg_rows *rows, size_t row, size_t column)
{
	struct slice text = pg_rows_slice(rows, row, column);

	return text.ptr == NULL ? 0 : strtoll(text.ptr, NULL, 10);
}

bool pg_rows_bool(const struct pg_rows *rows, size_t row, size_t column)
{
	struct slice text = pg_rows_slice(rows, row, column);

	return text.len > 0 && text.ptr[0] == 't';
}
