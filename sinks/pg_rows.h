/* pg_rows.h - the rows that a statement gave
 *
 * Threads: the thread that was given them.
 * Owner: whoever gave them; slices lie in them and are NUL-terminated.
 */
#ifndef SIFTD_SINKS_PG_ROWS_H
#define SIFTD_SINKS_PG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct pg_rows;

size_t pg_rows_count(const struct pg_rows *rows);
/* of an INSERT, UPDATE or DELETE without RETURNING */
size_t pg_rows_affected(const struct pg_rows *rows);
/* ptr NULL for SQL NULL */
struct slice pg_rows_slice(const struct pg_rows *rows, size_t row, size_t column);
/* of the text form; 0 for NULL */
int64_t pg_rows_int(const struct pg_rows *rows, size_t row, size_t column);
/* of the text form 't' or 'f' */
bool pg_rows_bool(const struct pg_rows *rows, size_t row, size_t column);

#endif
