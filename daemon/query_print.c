/* query_print.c - one row is one line */
#include "daemon/query_print.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json_out.h"
#include "daemon/sift_columns.h"
#include "daemon/sift_pen.h"

/* where the output is no terminal nothing is cut */
#define COLUMNS_FREE ((size_t)1 << 20)
#define STAMP_COLUMNS 19
#define SEVERITY_COLUMNS 5
#define COUNT_COLUMNS 10

static const char *const dim = "2", *const strong = "1";

static const char *level_code(const char *level)
{
	static const struct {
		const char *level, *code;
	} codes[] = {
		{ "CRITICAL", "1;35" }, { "ERROR", "31" }, { "WARN", "33" },
		{ "DEBUG", "2" },       { "TRACE", "2" },  { "CRIT", "1;35" },
		{ "HIGH", "31" },       { "MED", "33" },
	};

	for (size_t i = 0; level != NULL && i < sizeof(codes) / sizeof(*codes); i++) {
		if (strcmp(level, codes[i].level) == 0)
			return codes[i].code;
	}
	return NULL;
}

struct query_look query_look_of_terminal(bool json)
{
	struct query_look look = { .json = json, .columns = COLUMNS_FREE };
	struct winsize size = { 0 };
	/* only this thread runs */
	const char *no_color = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe) */

	if (isatty(STDOUT_FILENO) != 1)
		return look;
	columns_init();
	look.colour = no_color == NULL || *no_color == '\0';
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		look.columns = size.ws_col;
	return look;
}

static bool write_out(struct buf *text)
{
	bool taken = fwrite(text->data, 1, text->len, stdout) == text->len;

	buf_deinit(text);
	return taken;
}

static struct sift_pen pen_new(const struct query_look *look, struct buf *out)
{
	return (struct sift_pen){ .out = out,
				  .colour = look->colour,
				  .columns = look->columns,
				  .left = look->columns,
				  .rows = 1 };
}

static const char *text_of(const json_t *event, const char *key)
{
	return json_string_value(json_object_get(event, key));
}

static void put_event(struct sift_pen *pen, const json_t *event)
{
	const char *level = text_of(event, "level");
	const char *stamp = text_of(event, "ts");
	const char *host = text_of(event, "host");
	const char *service = text_of(event, "service");
	const json_t *message = json_object_get(event, "message");

	sift_pen_printf(pen, dim, "%s ", stamp == NULL ? "-" : stamp);
	sift_pen_printf(pen, level_code(level), "%-8s ", level == NULL ? "-" : level);
	if (host != NULL)
		sift_pen_printf(pen, dim, "%s ", host);
	if (service != NULL)
		sift_pen_printf(pen, strong, "%s: ", service);
	if (message != NULL)
		sift_pen_put(pen, NULL,
			     (struct slice){ json_string_value(message),
					     json_string_length(message) });
	sift_pen_end_line(pen);
}

bool query_print_event(const struct query_look *look, struct slice item)
{
	struct buf out = { 0 };
	struct sift_pen pen = pen_new(look, &out);
	json_t *event = NULL;

	if (look->json) {
		buf_append_slice(&out, item);
		buf_append_char(&out, '\n');
		return write_out(&out);
	}
	event = json_loadb(item.ptr, item.len, JSON_ALLOW_NUL, NULL);
	if (event != NULL)
		put_event(&pen, event);
	json_decref(event);
	return write_out(&out);
}

/* names in the order of the columns; those of `numbers` are no strings */
static bool print_json(const struct pg_rows *rows, size_t row, const char *const *names,
		       const char *numbers)
{
	struct buf out = { 0 };
	struct json_out json = json_out_init(&out);

	json_object_begin(&json);
	for (size_t i = 0; names[i] != NULL; i++) {
		struct slice value = pg_rows_slice(rows, row, i);

		json_key(&json, names[i]);
		if (value.ptr == NULL)
			json_out_null(&json);
		else if (numbers[i] == '1')
			json_raw(&json, value);
		else
			json_out_string(&json, value);
	}
	json_object_end(&json);
	buf_append_char(&out, '\n');
	return write_out(&out);
}

/* count, last seen and status, in the columns that both tables have */
static void put_common(struct sift_pen *pen, const struct pg_rows *rows, size_t row)
{
	char count[COUNT_COLUMNS + 14];
	struct slice stamp = pg_rows_slice(rows, row, 3);
	struct slice status = pg_rows_slice(rows, row, 4);

	/* to the second */
	if (stamp.len > STAMP_COLUMNS)
		stamp.len = STAMP_COLUMNS;

	(void)snprintf(count, sizeof(count), "%*lld ", COUNT_COLUMNS,
		       (long long)pg_rows_int(rows, row, 1));
	sift_pen_put(pen, strong, slice_str(count));
	sift_pen_field(pen, dim, stamp, STAMP_COLUMNS);
	sift_pen_put(pen, NULL, slice_str(" "));
	sift_pen_printf(pen, dim, "#%-6lld ", (long long)pg_rows_int(rows, row, 0));
	if (!slice_equal(status, slice_str("open"))) {
		sift_pen_put(pen, "36", status);
		sift_pen_put(pen, NULL, slice_str(" "));
	}
}

bool query_print_groups(const struct query_look *look, const struct pg_rows *rows)
{
	static const char *const names[] = { "id",        "count",  "first_seen",
					     "last_seen", "status", "template",
					     NULL };

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		struct buf out = { 0 };
		struct sift_pen pen = pen_new(look, &out);

		if (look->json) {
			if (!print_json(rows, i, names, "110000"))
				return false;
			continue;
		}
		put_common(&pen, rows, i);
		sift_pen_put(&pen, NULL, pg_rows_slice(rows, i, 5));
		sift_pen_end_line(&pen);
		if (!write_out(&out))
			return false;
	}
	return true;
}

bool query_print_findings(const struct query_look *look, const struct pg_rows *rows)
{
	static const char *const names[] = { "id",         "total_occurrences",
					     "first_seen", "last_seen",
					     "status",     "severity",
					     "rule",       "title",
					     "key",        NULL };

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		struct buf out = { 0 };
		struct sift_pen pen = pen_new(look, &out);
		struct slice severity = pg_rows_slice(rows, i, 5);
		struct slice key = pg_rows_slice(rows, i, 8);

		if (look->json) {
			if (!print_json(rows, i, names, "110000000"))
				return false;
			continue;
		}
		put_common(&pen, rows, i);
		sift_pen_field(&pen, level_code(severity.ptr), severity,
			       SEVERITY_COLUMNS);
		sift_pen_put(&pen, strong, pg_rows_slice(rows, i, 7));
		sift_pen_put(&pen, dim, slice_str(" "));
		sift_pen_put(&pen, dim, pg_rows_slice(rows, i, 6));
		if (key.ptr != NULL) {
			sift_pen_put(&pen, NULL, slice_str(" "));
			sift_pen_put(&pen, NULL, key);
		}
		sift_pen_end_line(&pen);
		if (!write_out(&out))
			return false;
	}
	return true;
}
