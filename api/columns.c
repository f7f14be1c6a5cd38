/* columns.c - writing a row's fields */
#include "api/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/compiler.h"

#define SECOND_US 1000000

static const char *const severities[] = { "LOW", "MED", "HIGH", "CRIT" };

const char *columns_severity(int64_t number)
{
	if (number < 0 || (size_t)number >= ARRAY_LEN(severities))
		return NULL;
	return severities[number];
}

void columns_write_time(struct json_out *out, int64_t time_us)
{
	int64_t fraction = time_us % SECOND_US;
	time_t seconds = (time_t)(time_us / SECOND_US - (fraction < 0));
	struct tm parts = { 0 };
	char text[64];
	size_t len = 0;

	if (fraction < 0)
		fraction += SECOND_US;
	if (gmtime_r(&seconds, &parts) == NULL) {
		json_out_null(out);
		return;
	}
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	/* six digits and a letter fit */
	(void)snprintf(text + len, sizeof(text) - len, ".%06" PRId64 "Z", fraction);
	json_out_string(out, slice_str(text));
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)c - '0' : (unsigned)c - 'a' + 10;
}

void columns_write_bytes(struct json_out *out, struct slice hex)
{
	struct buf bytes = { 0 };

	if (hex.ptr == NULL) {
		json_out_null(out);
		return;
	}
	for (size_t i = 2; i + 1 < hex.len; i += 2)
		buf_append_char(&bytes, (char)(hex_digit(hex.ptr[i]) << 4 |
					       hex_digit(hex.ptr[i + 1])));
	json_out_string(out, buf_slice(&bytes));
	buf_deinit(&bytes);
}

void columns_write_json(struct json_out *out, struct slice json)
{
	if (json.ptr == NULL)
		json_out_null(out);
	else
		json_raw(out, json);
}

static void write_severity(struct json_out *out, int64_t number)
{
	const char *name = columns_severity(number);

	if (name == NULL)
		json_out_null(out);
	else
		json_out_string(out, slice_str(name));
}

static void write_hex(struct json_out *out, int64_t bits)
{
	char text[20];

	(void)snprintf(text, sizeof(text), "%016" PRIx64, (uint64_t)bits); /* fits */
	json_out_string(out, slice_str(text));
}

static void write_value(struct json_out *out, const struct pg_rows *rows, size_t row,
			size_t column, enum column_type type)
{
	struct slice text = pg_rows_slice(rows, row, column);

	switch (text.ptr == NULL ? COLUMN_SKIP : type) {
	case COLUMN_SKIP:
		json_out_null(out);
		break;
	case COLUMN_INT:
		json_int(out, pg_rows_int(rows, row, column));
		break;
	case COLUMN_TEXT:
		json_out_string(out, text);
		break;
	case COLUMN_BOOL:
		json_bool(out, pg_rows_bool(rows, row, column));
		break;
	case COLUMN_TIME:
		columns_write_time(out, pg_rows_int(rows, row, column));
		break;
	case COLUMN_HEX64:
		write_hex(out, pg_rows_int(rows, row, column));
		break;
	case COLUMN_BYTES:
		columns_write_bytes(out, text);
		break;
	case COLUMN_NUMBER:
	case COLUMN_JSON:
		json_raw(out, text);
		break;
	case COLUMN_SEVERITY:
		write_severity(out, pg_rows_int(rows, row, column));
		break;
	}
}

void columns_write(struct json_out *out, const struct pg_rows *rows, size_t row,
		   const struct column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (columns[i].type == COLUMN_SKIP)
			continue;
		json_key(out, columns[i].key);
		write_value(out, rows, row, i, columns[i].type);
	}
}
